import { describe, expect, it } from 'vitest';
import { toElement } from '../../../src/api/aws/xml.ts';

describe('an XML document', () => {
  it('has elements in elements, in the order of their names', () => {
    expect(toElement('A', 'urn:a', { B: { C: '1', D: '2' }, E: '' })).toBe(
      '<A xmlns="urn:a"><B><C>1</C><D>2</D></B><E></E></A>',
    );
  });

  it('never takes text for markup', () => {
    expect(toElement('A', 'urn:a', { B: '</B>&amp;<![CDATA[x]]>"\'' })).toBe(
      '<A xmlns="urn:a"><B>&lt;/B&gt;&amp;amp;&lt;![CDATA[x]]&gt;"\'</B></A>',
    );
  });

  it('keeps a carriage return, which parsers would read as a line feed', () => {
    expect(toElement('A', 'urn:a', { B: '\r\n\t' })).toContain('<B>&#13;\n\t</B>');
  });

  it.each(['\u0000', '\u0008', '\u000b', '\u001f', '\ud800', '\udfff', '\ufffe', '\uffff'])(
    'has no %j, which no parser takes',
    (character) => {
      expect(toElement('A', 'urn:a', { B: `a${character}b` })).toContain('<B>a\ufffdb</B>');
    },
  );

  it('has every other character as it is', () => {
    expect(toElement('A', 'urn:a', { B: 'ü€😀' })).toContain('<B>ü€😀</B>');
  });
});
