// What a schema promises its callers, and what would break the promise. Nothing
// here reads or writes files.
import { ChangeType, CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildASTSchema, buildSchema, lexicographicSortSchema, parse, printSchema, visit } from 'graphql';

const head = `# What the GraphQL schema has promised its callers: all of this keeps answering, unless
# CHANGELOG.md announces its end under "Breaking". \`make schema-promise\` writes this file
# from schema.graphqls, sorted and without descriptions; \`make schema-check\` compares them.

`;

/** The text of promised.graphqls for a schema. */
export function promiseOf(sdl) {
  const document = visit(parse(sdl), {
    enter: (node) => (node.description ? { ...node, description: undefined } : undefined),
  });
  return `${head}${printSchema(lexicographicSortSchema(buildASTSchema(document)))}\n`;
}

/** Whether a text is a schema; after a merge with conflicts, a promise may not be. */
export function isSchema(sdl) {
  try {
    buildSchema(sdl);
    return true;
  } catch {
    return false;
  }
}

// A default that changes gives callers who rely on it another answer.
const alsoBreaking = [ChangeType.FieldArgumentDefaultChanged, ChangeType.InputFieldDefaultValueChanged];

/**
 * What callers of the schema `before` would find broken in the schema `after`, as
 * { coordinate, message }. The coordinate is Type, Type.field, Type.field.argument,
 * Enum.VALUE, Input.field or @directive.
 */
export async function breakages(before, after) {
  const changes = await diff(buildSchema(before), buildSchema(after));
  return changes
    .filter((change) => change.criticality.level === CriticalityLevel.Breaking || alsoBreaking.includes(change.type))
    .map((change) => ({ coordinate: change.path ?? 'schema', message: change.message }));
}

/**
 * The coordinates that a changelog names, in backquotes, under headings "Breaking":
 * those of its section "Unreleased", or those of all versions.
 */
export function announced(changelog, { everywhere = false } = {}) {
  const names = new Set();
  let version = '';
  let heading = '';
  for (const line of changelog.split('\n')) {
    if (line.startsWith('## ')) {
      version = line.slice(3).replace(/[[\]]/g, '').trim();
      heading = '';
    } else if (line.startsWith('### ')) {
      heading = line.slice(4).trim();
    } else if (heading === 'Breaking' && (everywhere || version === 'Unreleased')) {
      for (const [, name] of line.matchAll(/`([^`]+)`/g)) {
        names.add(name);
      }
    }
  }
  return names;
}

/** Deprecations that do not say until when callers may rely on what they deprecate. */
export function undatedDeprecations(sdl) {
  const reasons = [];
  visit(parse(sdl), {
    Directive(node) {
      if (node.name.value === 'deprecated') {
        const reason = node.arguments.find((argument) => argument.name.value === 'reason');
        reasons.push(reason?.value.value ?? 'No longer supported');
      }
    },
  });
  return reasons.filter((reason) => {
    const date = /; removed after (\d{4}-\d{2}-\d{2})$/.exec(reason)?.[1];
    return date === undefined || Number.isNaN(Date.parse(date));
  });
}
