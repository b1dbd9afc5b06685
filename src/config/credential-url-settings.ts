/** The settings of credential URLs. */

export interface CredentialUrlSettings {
  /** At least one. The first key encrypts; every key decrypts. */
  readonly keys: readonly TicketKeySettings[];
  /** How long a credential URL may work. */
  readonly maxLifeSeconds: number;
  /** True: a credential URL may work when its subject token has expired. Absent: it may not. */
  readonly beyondToken?: true;
  /** The tickets to refuse, by the ID in the audit log. Absent: none. */
  readonly deny?: { readonly ticketIds: readonly string[] };
}

interface TicketKeySettings {
  /** `kid` of the tickets that this key encrypts. */
  readonly id: string;
  /**
   * The name of the environment variable that holds the key. Only its name is here: the config is
   * hashed, compiled to a file and printed.
   */
  readonly keyFrom: string;
}
