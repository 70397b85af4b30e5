import type {SecretRule} from './secret-rules.js'

/**
 * Secrets that show by what stands in front of them: a header, a URL, a command. Same shape of
 * patterns as in secret-rules.ts; they run after those, so that the narrower kind names the secret.
 */
const hasDigit = (secret: string) => /\d/.test(secret)

const DATABASES =
  'postgres|postgresql|pgsql|redshift|cockroachdb|mysql|mysql2|mariadb|mssql|sqlserver|oracle|' +
  'snowflake|databricks|clickhouse|trino|mongodb|redis|rediss|valkey|amqp|amqps|ftp|ftps|sftp|' +
  'ldap|ldaps|smtp|smtps|imap|imaps|nats|kafka|neo4j|bolt'

export const contextRules: readonly SecretRule[] = [
  {
    // People write passwords with "/" and "@" into these, so the last "@" of the word counts.
    kind: 'URL-PASSWORD',
    anchors: [':/'],
    pattern: new RegExp(
      `((?:${DATABASES})(?:\\+[a-z0-9]{1,20})?:/{1,2}[^\\s:@/"'\`<>]{0,200}:)` +
        `(?!\\[REDACTED)[^\\s"'\`<>\\\\]{1,500}(?=@)`,
      'gi',
    ),
    accept: isNoReference,
  },
  {
    kind: 'URL-PASSWORD',
    anchors: ['://'],
    pattern: /(:\/\/[^\s:@/"'`<>\\]{0,200}:)(?!\[REDACTED)[^\s@/"'`<>\\]{1,500}(?=@)/g,
    accept: isNoReference,
  },
  {
    kind: 'URL-TOKEN',
    anchors: ['://'],
    pattern: /(:\/\/)(?!\[REDACTED)[\w.~%-]{20,500}(?=@)/g,
    accept: hasDigit,
  },
  {
    kind: 'BEARER-TOKEN',
    anchors: ['earer', 'EARER'],
    pattern: /(\bbearer[ \t]{1,8})[\w.~+/=-]{16,}/gi,
    accept: hasDigit,
  },
  {
    kind: 'BASIC-AUTH',
    anchors: ['asic', 'ASIC'],
    pattern: /(\bbasic[ \t]{1,8})[A-Za-z0-9+/_-]{8,}={0,2}/gi,
    accept: (secret) =>
      /^[\x20-\x7E]+:[\x20-\x7E]*$/.test(Buffer.from(secret, 'base64').toString()),
  },
  {
    kind: 'AUTHORIZATION',
    anchors: ['uthorization', 'UTHORIZATION'],
    pattern:
      /(\bauthorization\\{0,7}["']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,7}["']?(?:[A-Za-z][A-Za-z0-9-]{0,20}[ \t]{1,4})?)[\w.~+/=:-]{16,}/gi,
    accept: hasDigit,
  },
  {
    kind: 'COOKIE',
    anchors: ['ookie', 'OOKIE'],
    pattern: /(\bcookie\\{0,7}["']?[ \t]{0,4}:[ \t]{0,4}\\{0,7}["']?)[^\r\n"'\\]{8,}/gi,
    accept: (secret) => secret.includes('='),
  },
  {
    kind: 'NETRC-PASSWORD',
    anchors: ['login'],
    pattern: /(\blogin\s{1,20}\S{1,200}\s{1,20}password\s{1,20})[^\s"'\\]{1,500}/g,
  },
  {
    kind: 'COMMAND-PASSWORD',
    anchors: ['curl', 'wget'],
    pattern:
      /(\b(?:curl|wget)\b[^\n]{0,400}?[ \t](?:-u|--user)[ \t=]{0,4}["']?[^\s:"']{1,100}:)[^\s"'\\]{3,500}/g,
    accept: isNoReference,
  },
  {
    kind: 'COMMAND-PASSWORD',
    anchors: ['mysql', 'mariadb', 'sshpass'],
    pattern:
      /(\b(?:mysql|mysqldump|mariadb|sshpass)\b[^\n]{0,200}?[ \t]-p[ \t]?["']?)[^\s"'\\-][^\s"'\\]{3,200}/g,
    accept: isNoReference,
  },
  {
    kind: 'ENVIRONMENT-SECRET',
    anchors: ['value', 'Value', 'VALUE'],
    pattern:
      /(\bname\\{0,7}["']?\s{0,4}:\s{0,4}\\{0,7}["']?[\w.-]{0,60}?(?:passw|passphrase|secret|token|api_?key)[\w.-]{0,20}\\{0,7}["']?,?(?:\s|\\n){0,60}\\{0,7}["']?value\\{0,7}["']?\s{0,4}:\s{0,4}\\{0,7}["']?)[^\s"'\\,{}]{4,500}/gi,
    accept: isNoReference,
  },
]

/** `$VAR`, `${VAR}`, `{var}`, `%s`, `<password>`, `***`: names of secrets, not secrets. */
export function isNoReference(value: string): boolean {
  return !/^(?:\$[A-Z_][A-Z0-9_]*$|\$?[{(<[]|%[sdv]$|[*.•x]{2,}$|:[a-z])/i.test(value)
}
