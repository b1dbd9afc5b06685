/** Says that there is no subject token, and checks what is taken for one. */
import { CliError, EXIT } from '../system/cli-error.ts';

/** The broker takes no more: docs/api.md. */
const MAX_LENGTH = 8192;

/** Makes the error; the caller throws it. */
export function noToken(problem: string): CliError {
  return new CliError(EXIT.noSubjectToken, `There is no subject token: ${problem}`);
}

/** The token without white space around it. Throws a CliError that quotes nothing of the text. */
export function checkToken(text: string, place: string): string {
  const token = text.trim();
  if (token === '') throw noToken(`${place} is empty.`);
  // three parts of base64url (RFC 7515 section 7.1); anything else could be another secret
  if (
    token.length > MAX_LENGTH ||
    !/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.test(token)
  ) {
    throw noToken(`${place} holds something else than a JWT of at most 8 KiB.`);
  }
  return token;
}
