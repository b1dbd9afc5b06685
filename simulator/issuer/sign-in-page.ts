/** The page where somebody signs in at a simulated issuer, with whatever claims they choose. */

/** HTML. The form posts `claims`, one to a line, to the address of the page itself. */
export function renderSignInPage(options: {
  readonly issuerName: string;
  /** What stands in the form at first. */
  readonly claims: string;
  readonly problem?: string;
}): string {
  const { issuerName, claims, problem } = options;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sign in at ${escapeHtml(issuerName)}</title>
<h1>Sign in at ${escapeHtml(issuerName)}</h1>
<p>This issuer is simulated. It signs the claims that stand here, one to a line:
<code>plan=pro</code> for text, <code>seats:=3</code> for any JSON.</p>
${problem === undefined ? '' : `<p role="alert">${escapeHtml(problem)}</p>`}
<form method="post">
<p><label>Claims<br><textarea name="claims" rows="8" cols="60">${escapeHtml(claims)}</textarea></label></p>
<p><button>Sign in</button></p>
</form>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
