declare module 'node-gyp-build' {
  interface Load {
    (root: string): unknown;
    path(root: string): string;
  }
  const load: Load;
  export = load;
}
