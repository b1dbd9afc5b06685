/** Where the config's text is, and how the broker learns that it has changed. */

export interface ConfigText {
  readonly text: string;
  /** What problems are told to be in. */
  readonly file: string;
}

/** Every function throws a ConfigError that says what to do if the text cannot be had. */
export interface ConfigSource {
  /** So often, at the most, a request makes the broker look. */
  readonly checkEveryMs: number;
  readonly read: () => Promise<ConfigText>;
  /** The text, or undefined if it is certain to be what was given last. */
  readonly readChange: () => Promise<ConfigText | undefined>;
}
