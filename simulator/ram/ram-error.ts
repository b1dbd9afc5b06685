/** The errors of the simulated RAM: https://www.alibabacloud.com/help/en/ram/api-ram-2015-05-01-overview */
export class RamError extends Error {
  override readonly name = 'RamError';
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function missing(kind: 'Role' | 'Policy' | 'User', name: string): RamError {
  const what = kind.toLowerCase();
  return new RamError(404, `EntityNotExist.${kind}`, `The ${what} does not exist: ${name}`);
}
