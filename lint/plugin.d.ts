/** Types for the tests; the plugin itself is JavaScript because ESLint loads it as it is. */
export declare const plugin: {
  meta: {name: string}
  rules: Record<
    | 'ambient-time'
    | 'ansi-only-in-present'
    | 'disable-needs-reason'
    | 'no-empty-catch'
    | 'no-focused-tests'
    | 'no-module-mocks'
    | 'no-printing'
    | 'no-sleeps'
    | 'package-rooms'
    | 'process-env'
    | 'process-places'
    | 'rooms',
    {meta: {messages: Record<'no', string>}}
  >
}
