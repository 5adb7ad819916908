import english from "./en.json";

const texts: Record<string, string> = english;

export function text(key: string): string {
  return texts[key] ?? key;
}
