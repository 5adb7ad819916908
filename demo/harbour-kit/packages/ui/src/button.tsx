import type { ButtonHTMLAttributes, ReactNode } from "react";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "primary" | "plain";
  children: ReactNode;
}

/** One primary button a page. */
export function Button({ kind = "plain", children, ...rest }: Props) {
  return (
    <button type="button" className={`hl-button hl-button--${kind}`} {...rest}>
      {children}
    </button>
  );
}
