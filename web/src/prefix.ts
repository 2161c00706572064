export const prefixed = (document: string, _prefix: string): string => document;
