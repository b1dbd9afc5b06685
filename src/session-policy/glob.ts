/** Matches a text against a RAM pattern: `*` is any number of characters and `?` is one. */

/**
 * Whether the whole text matches the pattern. `*` also matches `/` and nothing. The text is literal:
 * a `*` in an object key is just that character. Takes at most pattern length times text length
 * steps for any pattern, because only the last `*` is retried.
 * https://www.alibabacloud.com/help/en/ram/conditional-operator
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const signs = Array.from(pattern);
  const characters = Array.from(text);
  let sign = 0;
  let at = 0;
  let lastStar = -1;
  let resumeAt = 0;
  while (at < characters.length) {
    if (signs[sign] === '*') {
      lastStar = sign;
      resumeAt = at;
      sign += 1;
    } else if (signs[sign] === '?' || signs[sign] === characters[at]) {
      sign += 1;
      at += 1;
    } else if (lastStar !== -1) {
      resumeAt += 1;
      at = resumeAt;
      sign = lastStar + 1;
    } else {
      return false;
    }
  }
  return signs.slice(sign).every((rest) => rest === '*');
}
