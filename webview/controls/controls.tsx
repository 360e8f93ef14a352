/**
 * The form controls of all panels. The only file that knows @vscode/webview-ui-toolkit, which is archived upstream: another
 * set of controls replaces it here, and nowhere else. Not for rows of a virtual list: those draw plain elements.
 *
 * The toolkit adds a <style> when it registers; the page's CSP lets it through by `<meta property="csp-nonce" content="…">`. Registering and
 * making the first controls costs more than everything else that a panel does before its first rows, so it waits for those: until then
 * base.css draws the elements as they will look.
 */
import { provideVSCodeDesignSystem, vsCodeButton, vsCodeTextField } from '@vscode/webview-ui-toolkit';
import type { ComponentChild, ComponentChildren, HTMLAttributes, VNode } from 'preact';
import { effect, type ReadonlySignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';

let registered = false;

/** Makes controls of the elements that are there and those to come; once. */
function registerControls(): void {
  if (registered) return;
  registered = true;
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeTextField());
}

/** The same, as soon as what has been drawn now can be seen. @returns stops it */
export function registerControlsSoon(): () => void {
  // The frame that paints it; when the next one begins it is seen.
  let frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(registerControls);
  });
  return () => cancelAnimationFrame(frame);
}

interface ToolkitAttributes extends HTMLAttributes<HTMLElement> {
  readonly appearance?: 'primary' | 'secondary' | 'icon';
  readonly disabled?: boolean;
  readonly placeholder?: string;
  readonly value?: string;
  readonly 'current-value'?: string;
}

declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      'vscode-button': ToolkitAttributes;
      'vscode-text-field': ToolkitAttributes;
    }
  }
}

interface ButtonProps {
  readonly onClick: () => void;
  readonly title?: string;
  readonly disabled?: boolean;
  readonly class?: string;
}

export function Button({ primary = false, children, class: className = '', ...rest }: ButtonProps & { readonly primary?: boolean; readonly children: ComponentChildren }): ComponentChild {
  return <vscode-button appearance={primary ? 'primary' : 'secondary'} class={`button ${className}`} {...rest}>{children}</vscode-button>;
}

/** A button of one icon; `label` is its name for a screen reader and, unless a title is given, its tooltip. */
export function IconButton({ icon, label, title, class: className = '', expanded, ...rest }: ButtonProps & {
  /** Of all panels by its name, or of one panel as it is drawn. */
  readonly icon: IconName | VNode;
  readonly label: string;
  /** For a button that opens a menu. */
  readonly expanded?: boolean;
}): ComponentChild {
  return (
    <vscode-button appearance="icon" class={`icon-button ${className}`} aria-label={label} title={title ?? label} aria-haspopup={expanded === undefined ? undefined : 'menu'} aria-expanded={expanded} {...rest}>
      {typeof icon === 'string' ? <Icon name={icon} /> : icon}
    </vscode-button>
  );
}

/** A search field. `focus` grows each time it should take the keyboard. */
export function SearchField({ given, placeholder, label, focus, onInput, onLeave }: {
  /** The text to begin with; a new object replaces what has been typed. Never given back what was just typed: more may have been typed since. */
  readonly given: { readonly text: string };
  readonly placeholder: string;
  readonly label: string;
  readonly focus: ReadonlySignal<number>;
  readonly onInput: (value: string) => void;
  /** Escape, or Enter or Arrow Down to go on to what was found. */
  readonly onLeave: (how: 'escape' | 'enter') => void;
}): ComponentChild {
  const field = useRef<HTMLElement & { value: string }>(null);
  // At once, not after the next drawing: what is typed right after `/` must arrive here.
  useLayoutEffect(() => effect(() => {
    if (focus.value === 0) return;
    registerControls();
    field.current?.focus();
  }), [focus]);
  // When it is connected the toolkit names the field by its content, which is only the key.
  useLayoutEffect(() => {
    field.current?.setAttribute('aria-label', label);
    void customElements.whenDefined('vscode-text-field').then(() => field.current?.setAttribute('aria-label', label));
  }, [label]);
  useLayoutEffect(() => {
    // Set as a property: the attribute is only the field's first value.
    if (field.current !== null && field.current.value !== given.text) field.current.value = given.text;
  }, [given]);
  return (
    <vscode-text-field
      ref={field}
      class="search"
      placeholder={placeholder}
      onInput={(event) => onInput((event.currentTarget as HTMLElement & { value: string }).value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onLeave('escape');
        else if (event.key === 'Enter' || event.key === 'ArrowDown') onLeave('enter');
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <span slot="start" class="search-icon"><Icon name="search" /></span>
      <kbd slot="end">/</kbd>
    </vscode-text-field>
  );
}
