// What a source file imports and names, read from its syntax tree: comments and strings do not count.

import { builtinModules } from "node:module";
import { posix } from "node:path";
import ts from "typescript";

/** Where an import leads. Files are paths in the repository, without their ending. */
export type Target =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "node"; readonly module: string }
  | { readonly kind: "package"; readonly name: string }
  | { readonly kind: "unreadable" };

export interface Import {
  /** As it is written. */
  readonly text: string;
  readonly target: Target;
  /** Whether nothing of it is left when the program runs. */
  readonly isTypeOnly: boolean;
  /** The names that are taken from it, where they are listed. */
  readonly names: readonly string[];
}

export interface SourceFacts {
  readonly imports: readonly Import[];
  /** Identifiers that stand for themselves: not names of properties. */
  readonly identifiers: ReadonlySet<string>;
}

export function factsOf(path: string, source: string): SourceFacts {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const identifiers = new Set<string>();
  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found !== undefined)
      imports.push({
        text: found.specifier?.getText(file) ?? "",
        target: targetOf(path, found.specifier),
        isTypeOnly: found.isTypeOnly,
        names: found.names ?? [],
      });
    const identifier = identifierOf(node);
    if (identifier !== undefined) identifiers.add(identifier);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { imports, identifiers };
}

interface Found {
  readonly specifier: ts.Node | undefined;
  readonly isTypeOnly: boolean;
  readonly names?: readonly string[];
}

function importOf(node: ts.Node): Found | undefined {
  if (ts.isImportDeclaration(node)) {
    const bindings = node.importClause?.namedBindings;
    const elements = bindings !== undefined && ts.isNamedImports(bindings) ? [...bindings.elements] : [];
    const names = elements.map((element) => (element.propertyName ?? element.name).text);
    return { specifier: node.moduleSpecifier, isTypeOnly: isTypeOnly(node, elements), names };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
    return { specifier: node.moduleSpecifier, isTypeOnly: node.isTypeOnly };
  if (ts.isImportTypeNode(node))
    return {
      specifier: ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined,
      isTypeOnly: true,
    };
  if (ts.isExternalModuleReference(node)) return { specifier: node.expression, isTypeOnly: false };
  if (ts.isCallExpression(node) && isImportCall(node))
    return { specifier: node.arguments[0], isTypeOnly: false };
  return undefined;
}

function isTypeOnly(node: ts.ImportDeclaration, elements: readonly ts.ImportSpecifier[]): boolean {
  const clause = node.importClause;
  if (clause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return clause?.name === undefined && elements.length > 0 && elements.every((element) => element.isTypeOnly);
}

function isImportCall(node: ts.CallExpression): boolean {
  return (
    node.expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(node.expression) && node.expression.text === "require")
  );
}

function targetOf(path: string, specifier: ts.Node | undefined): Target {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return { kind: "unreadable" };
  const { text } = specifier;
  if (/^\.{0,2}\//.test(text) || /^\.{1,2}$/.test(text)) {
    const found = posix.normalize(posix.join(posix.dirname(path), text));
    return { kind: "file", path: found.replace(/\.[cm]?[jt]sx?$/, "") };
  }
  const [first = "", second = ""] = text.split("/");
  if (text.startsWith("node:") || builtinModules.includes(text))
    return { kind: "node", module: text.replace(/^node:/, "") };
  return { kind: "package", name: first.startsWith("@") ? `${first}/${second}` : first };
}

function identifierOf(node: ts.Node): string | undefined {
  if (ts.isElementAccessExpression(node) && isGlobal(node.expression))
    return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : undefined;
  if (!ts.isIdentifier(node)) return undefined;
  const { parent } = node;
  const isProperty =
    (ts.isPropertyAccessExpression(parent) && parent.name === node && !isGlobal(parent.expression)) ||
    (ts.isQualifiedName(parent) && parent.right === node) ||
    ((ts.isPropertyAssignment(parent) || ts.isClassElement(parent) || ts.isTypeElement(parent)) &&
      parent.name === node) ||
    (ts.isBindingElement(parent) && parent.propertyName === node);
  return isProperty ? undefined : node.text;
}

function isGlobal(node: ts.Expression): boolean {
  return ts.isIdentifier(node) && (node.text === "globalThis" || node.text === "global");
}
