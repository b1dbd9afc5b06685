/** A CORS rule as OSS takes it. */
import type { CorsRule } from '../cloud-side.ts';

/** https://www.alibabacloud.com/help/en/oss/developer-reference/putbucketcors */
export function corsXml(rule: CorsRule): string {
  const elements = [
    ...rule.allowedOrigins.map((value) => element('AllowedOrigin', value)),
    ...rule.allowedMethods.map((value) => element('AllowedMethod', value)),
    ...rule.allowedHeaders.map((value) => element('AllowedHeader', value)),
    ...rule.exposeHeaders.map((value) => element('ExposeHeader', value)),
  ];
  return `<CORSConfiguration><CORSRule>${elements.join('')}</CORSRule></CORSConfiguration>`;
}

function element(name: string, text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<${name}>${escaped}</${name}>`;
}
