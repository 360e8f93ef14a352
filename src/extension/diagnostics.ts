import * as vscode from 'vscode';
import type { Diagnostic } from '../core/text/diagnostic.ts';
import { toRange } from './paths.ts';

const SEVERITIES = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
} as const;

/** Shown as `message Touchstone(code)`. */
export function toDiagnostic(found: Diagnostic): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(toRange(found.range), found.message, SEVERITIES[found.severity]);
  diagnostic.source = 'Touchstone';
  diagnostic.code = found.code;
  return diagnostic;
}
