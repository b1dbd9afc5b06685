/** A source of the config: reads its text, and detects that it has changed. */

export interface ConfigText {
  readonly text: string;
  /** The name of the config in reported problems. */
  readonly file: string;
}

/** If the text is unavailable, the functions throw a ConfigError that says what to do. */
export interface ConfigSource {
  /** The minimum time between two checks for a change. Requests trigger the checks. */
  readonly checkEveryMs: number;
  readonly read: () => Promise<ConfigText>;
  /** Returns the text, or undefined if it is certainly unchanged since it was last returned. */
  readonly readChange: () => Promise<ConfigText | undefined>;
}
