/** The version of the native library. */
declare const version: string;

export { version };
