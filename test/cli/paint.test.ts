/** Colours of the commands for operators. */
import { describe, expect, it } from 'vitest';
import { createPaint } from '../../src/cli/operator/paint.ts';

describe('text of a command', () => {
  it('has a colour on a terminal, and ends it', () => {
    const paint = createPaint({ printsToTerminal: true, environment: { NO_COLOR: '' } });

    expect(paint('red', 'refused')).toBe('\u001b[31mrefused\u001b[39m');
    expect(paint('bold', 'a')).toBe('\u001b[1ma\u001b[22m');
  });

  it.each([
    { printsToTerminal: false, environment: {} },
    { printsToTerminal: true, environment: { NO_COLOR: '1' } },
  ])('has none with %j', (machine) => {
    expect(createPaint(machine)('red', 'refused')).toBe('refused');
  });
});
