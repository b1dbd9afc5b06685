/** Takes policies apart, so that two of them compare whatever their statements look like. */

/** One sentence for each action on each resource, e.g. `Allow oss:GetObject on acs:oss:*:*:app-media/*`. */
export function permissionAtoms(document: unknown): readonly string[] {
  return statementsOf(document).flatMap((statement) => {
    const actions = listOf(statement['Action']).map((action) => String(action));
    const resources = listOf(statement['Resource']).map(String);
    if (actions.length === 0 || resources.length === 0) return [`a statement ${show(statement)}`];
    const condition = describeCondition(statement['Condition']);
    return actions.flatMap((action) =>
      resources.map(
        (resource) => `${String(statement['Effect'])} ${action} on ${resource}${condition}`,
      ),
    );
  });
}

/** One sentence for each who is trusted, e.g. `trust in RAM acs:ram::123456789012:user/broker`. */
export function trustAtoms(document: unknown): readonly string[] {
  return statementsOf(document).flatMap((statement) => {
    const { Effect, Action } = statement;
    const principals = Object.entries(recordOf(statement['Principal']));
    if (Effect !== 'Allow' || listOf(Action).join() !== 'sts:AssumeRole') {
      return [`a statement ${show(statement)}`];
    }
    const condition = describeCondition(statement['Condition']);
    const trusted = principals.flatMap(([kind, names]) =>
      listOf(names).map((name) => `trust in ${kind} ${String(name)}${condition}`),
    );
    // such as a Principal of "*"
    return trusted.length === 0 ? [`a statement ${show(statement)}`] : trusted;
  });
}

function statementsOf(document: unknown): readonly Readonly<Record<string, unknown>>[] {
  return listOf(recordOf(document)['Statement']).map(recordOf);
}

/** With one order of operators, keys and values, none of which has a meaning. */
function describeCondition(condition: unknown): string {
  const parts = Object.entries(recordOf(condition)).flatMap(([operator, keys]) =>
    Object.entries(recordOf(keys)).map(
      ([key, values]) => `${key} ${operator} ${listOf(values).map(String).sort().join(' or ')}`,
    ),
  );
  return parts.length === 0 ? '' : ` if ${parts.sort().join(' and ')}`;
}

function show(statement: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(statement);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
