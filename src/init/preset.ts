/** What `init` knows of one kind of issuer. Presets are data: nothing in them is computed. */

/** A value that the operator gives. */
export interface Asked {
  /** What it is, as the end of "Which …?". */
  readonly what: string;
  readonly example: string;
  /** What a value must look like. */
  readonly pattern: RegExp;
  /** Taken if the operator gives nothing. */
  readonly usual?: string;
}

export interface Preset {
  readonly name: string;
  readonly title: string;
  /** What `iss` is, to the last character. `fixed`: there is one for all. */
  readonly issuer: Asked | { readonly fixed: string };
  readonly audience: Asked;
  /** What tells the operator's own callers from others. `{tenant}` in a condition stands for it. */
  readonly tenant?: Asked;
  /** Where the keys are, if discovery does not lead there. `{issuer}` stands for the issuer. */
  readonly jwksUri?: string;
  readonly algorithms: readonly string[];
  /** The `typ` headers of its tokens. An absent one counts as `JWT`. */
  readonly types: readonly string[];
  readonly maxTokenAge?: string;
  /** Lines of YAML below `attributes:`, and comments. */
  readonly attributes: readonly string[];
  readonly grant: {
    readonly name: string;
    /** Lines of YAML below `when:`, and comments. Empty: there is no condition. */
    readonly when: readonly string[];
    /** The key of the target, with attributes. */
    readonly prefix: string;
    readonly permissions: readonly string[];
  };
  /** Pages of browsers may call the broker. */
  readonly hasPages: boolean;
  /** Claims that the audit log shows. */
  readonly auditClaims?: readonly string[];
  /** What only the operator can know or set, as sentences. They become comments. */
  readonly mustCheck: readonly string[];
}
