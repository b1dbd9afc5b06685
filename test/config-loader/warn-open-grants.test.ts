/** Warnings of grants that fit more callers than was probably meant. */
import { describe, expect, it } from 'vitest';
import { changed, load } from './good-config.ts';

describe('a config that loads with a warning', () => {
  const github = (when: string) =>
    changed('https://login.example.com/', 'https://token.actions.githubusercontent.com').replace(
      '    role:',
      `    when: ${when}\n    role:`,
    );

  it.each([
    ['[]', 'anybody can get a token'],
    ['[{ claim: ref, equals: refs/heads/main }]', 'anybody can get a token'],
    ['[{ claim: repository, equals: acme/app }]', 'register once it is given up'],
    // every token of GitHub has the claim
    ['[{ claim: repository_id, exists: true }]', 'anybody can get a token'],
  ])('warns about the conditions %s for GitHub', (when, warning) => {
    expect(
      load(github(when))
        .warnings.map(({ message }) => message)
        .join(),
    ).toContain(warning);
  });

  it('does not warn about a condition on a permanent id', () => {
    expect(load(github('[{ claim: repository_owner_id, equals: "1" }]')).warnings).toEqual([]);
  });

  it('takes the way of signing in as what limits a grant for Firebase', () => {
    const firebase = (when: string) =>
      load(
        changed('https://login.example.com/', 'https://securetoken.google.com/my-project').replace(
          '    role:',
          `    when: ${when}\n    role:`,
        ),
      ).warnings.map(({ message }) => message);
    const signIn = '[{ claim: [firebase, sign_in_provider], in: [google.com] }]';

    expect(firebase(signIn)).toEqual([]);
    expect(firebase('[]').join()).toContain('add a condition on one of firebase.sign_in_provider');
  });

  it('warns about a prefix that all subjects share', () => {
    const { warnings } = load(changed('{user}/', 'all/'));

    expect(warnings.map(({ message }) => message).join()).toContain(
      'all subjects of the issuer "app" share its targets',
    );
  });
});
