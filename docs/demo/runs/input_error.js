/** What a person gave cannot be used; the message says why and how to go on. */
export class InputError extends Error {}
