/** Invented secrets of every kind, each in a text as it turns up in a session. None of them opens anything. */
export interface CorpusEntry {
  kind: string
  /** Must not survive. */
  secret: string
  text: string
}

// Put together here so that no scanner of repositories takes them for real ones.
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const make = (seed: number, length: number, alphabet = letters) => {
  let state = seed * 7919 + 13
  let text = ''
  while (text.length < length) {
    state = (state * 1103515245 + 12345) % 2147483648
    text += alphabet[(state >> 8) % alphabet.length]
  }
  // Every one holds a digit and both cases, as random ones of that length do.
  return alphabet === letters ? `a7B${text.slice(3)}` : text
}
const hex = (seed: number, length: number) => make(seed, length, '0123456789abcdef')
const base64 = (seed: number, length: number) => make(seed, length, `${letters}+/`)
const upper = (seed: number, length: number) =>
  make(seed, length, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')

const entry = (kind: string, secret: string, text = (value: string) => `got ${value} here`) => ({
  kind,
  secret,
  text: text(secret),
})

export const pemKey = [
  '-----BEGIN RSA PRIVATE KEY-----',
  ...Array.from({length: 8}, (_, row) => base64(row + 900, 64)),
  `${base64(990, 20)}==`,
  '-----END RSA PRIVATE KEY-----',
].join('\n')
const openSsh = pemKey.replaceAll('RSA', 'OPENSSH')
const jwt = `eyJ${make(1, 33)}.eyJ${make(2, 120)}.${make(3, 43)}`
const awsSecret = base64(20, 40)
const serviceAccount = JSON.stringify(
  {type: 'service_account', project_id: 'acme', private_key: `${pemKey}\n`},
  null,
  2,
)

export const secretCorpus: readonly CorpusEntry[] = [
  entry('JWT', jwt),
  entry('JWT', jwt, (value) => `https://x.example/?token%3D${value}&a=1`),
  entry('JWT', jwt, (value) => `agnes init --token ${value}`),
  entry('JWT', jwt, (value) => `Authorization: Bearer ${value}`),
  entry(
    'BEARER-TOKEN',
    make(4, 40),
    (value) => `curl -H "Authorization: Bearer ${value}" https://api`,
  ),
  entry(
    'BASIC-AUTH',
    Buffer.from('ana:hunter2hunter2').toString('base64'),
    (v) => `Authorization: Basic ${v}`,
  ),
  entry('AUTHORIZATION', make(5, 40), (value) => `{"authorization": "Token ${value}"}`),
  entry('COOKIE', `session=${make(6, 32)}; theme=dark`, (value) => `Cookie: ${value}\nAccept: */*`),
  entry('AWS-ACCESS-KEY', `AKIA${upper(7, 16)}`),
  entry('AWS-ACCESS-KEY', `ASIA${upper(8, 16)}`, (value) => `export AWS_ACCESS_KEY_ID=${value}\n`),
  entry('AWS-SECRET-KEY', awsSecret, (value) => `aws_secret_access_key = ${value}\n`),
  entry('AWS-SECRET-KEY', awsSecret, (value) => `{"SecretAccessKey": "${value}"}`),
  entry('AWS-SECRET-KEY', awsSecret, (value) => `AKIA${upper(9, 16)},${value}\n`),
  entry('GCP-API-KEY', `AIza${make(10, 35)}`, (value) => `?key=${value}&q=1`),
  entry('GCP-OAUTH-TOKEN', `ya29.${make(11, 60)}`),
  entry('GCP-CLIENT-SECRET', `GOCSPX-${make(12, 28)}`),
  entry('GCP-SERVICE-ACCOUNT', Buffer.from(serviceAccount).toString('base64')),
  entry('PRIVATE-KEY', base64(903, 64), () => serviceAccount),
  entry('PRIVATE-KEY', base64(903, 64), () => pemKey),
  entry('PRIVATE-KEY', base64(903, 64), () => openSsh),
  entry('PRIVATE-KEY', base64(903, 64), () => pemKey.split('\n').slice(0, 6).join('\n')),
  entry('PRIVATE-KEY', base64(903, 64), () =>
    pemKey
      .split('\n')
      .map((line, row) => `${String(row + 1).padStart(6)}\t${line}`)
      .join('\n'),
  ),
  entry(
    'PRIVATE-KEY',
    Buffer.from(pemKey).toString('base64').slice(40, 200),
    () => `tls.key: ${Buffer.from(pemKey).toString('base64')}`,
  ),
  entry(
    'AZURE-STORAGE-KEY',
    `${base64(13, 86)}==`,
    (value) =>
      `DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${value};EndpointSuffix=core.windows.net`,
  ),
  entry(
    'AZURE-STORAGE-KEY',
    base64(14, 80),
    (value) => `"AccountKey\\u003d${value}\\u003d\\u003d"`,
  ),
  entry(
    'AZURE-SHARED-KEY',
    `${base64(15, 43)}=`,
    (value) =>
      `Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey=${value}`,
  ),
  entry(
    'SIGNED-URL',
    `${make(16, 40)}%3D`,
    (value) => `https://a.blob.core.windows.net/c/f?sv=2024&sig=${value}`,
  ),
  entry(
    'SIGNED-URL',
    hex(17, 64),
    (value) => `https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=${value}`,
  ),
  entry('AZURE-CLIENT-SECRET', `${make(18, 3)}8Q~${make(19, 34)}`),
  entry('GITHUB-TOKEN', `ghp_${make(21, 36)}`),
  entry(
    'GITHUB-TOKEN',
    `gho_${make(22, 36)}`,
    (value) => `https://x-access-token:${value}@github.com/a/b`,
  ),
  entry('GITHUB-TOKEN', `github_pat_${make(23, 22)}_${make(24, 59)}`),
  entry('GITLAB-TOKEN', `glpat-${make(25, 20)}`),
  entry('SLACK-TOKEN', `xoxb-${'123456789012'}-${make(26, 24)}`),
  entry(
    'SLACK-WEBHOOK',
    `T${upper(27, 8)}/B${upper(28, 8)}/${make(29, 24)}`,
    (value) => `https://hooks.slack.com/services/${value}`,
  ),
  entry(
    'WEBHOOK-URL',
    `123456789012345678/${make(30, 60)}`,
    (v) => `https://discord.com/api/webhooks/${v}`,
  ),
  entry('STRIPE-KEY', `sk_live_${make(31, 24)}`),
  entry('TWILIO-KEY', `SK${hex(32, 32)}`),
  entry('SENDGRID-KEY', `SG.${make(33, 22)}.${make(34, 43)}`),
  entry('NPM-TOKEN', `npm_${make(35, 36)}`, (v) => `//registry.example/:_authToken=${v}`),
  entry('PYPI-TOKEN', `pypi-${make(36, 150)}`),
  entry('ANTHROPIC-KEY', `sk-ant-api03-${make(37, 93)}-AA`),
  entry('OPENAI-KEY', `sk-proj-${make(38, 48)}`),
  entry('HUGGINGFACE-TOKEN', `hf_${make(39, 34)}`),
  entry('DATABRICKS-TOKEN', `dapi${hex(40, 32)}`),
  entry('KEYED', `dapi${hex(41, 32)}`, (value) => `DATABRICKS_TOKEN="${value}"`),
  entry('KEBOOLA-TOKEN', `1234-567890-${make(42, 40)}`, (value) => `X-StorageApi-Token: ${value}`),
  entry('KEBOOLA-TOKEN', `910-44321-${make(43, 40)}`),
  entry('DOCKER-TOKEN', `dckr_pat_${make(44, 27)}`),
  entry('VAULT-TOKEN', `hvs.${make(45, 90)}`),
  entry('AGE-KEY', `AGE-SECRET-KEY-1${upper(46, 58)}`),
  ...[
    ['postgresql', 'Tr0ub4dor&3'],
    ['mysql', 'p@ss/w0rd#1'],
    ['mongodb+srv', 'S3cr3tMongo'],
    ['redis', 'r3disPass'],
    ['snowflake', 'Sn0wFl4ke!'],
    ['amqp', 'gu3stgu3st'],
  ].map(([scheme, password]) =>
    entry(
      'URL-PASSWORD',
      password!,
      (value) => `DATABASE_URL=${scheme}://ana:${value}@db.example:5432/prod`,
    ),
  ),
  entry('URL-PASSWORD', 'hunter2', (value) => `git clone https://ana:${value}@git.example/x.git`),
  entry('URL-PASSWORD', 'only0pass', (value) => `redis://:${value}@cache:6379`),
  entry('PASSWORD', 'hunter2', (value) => `password=${value}`),
  entry('PASSWORD', 'correct horse battery', (value) => `{"password": "${value}"}`),
  entry('PASSWORD', 'Passw0rd!', (value) => `PGPASSWORD='${value}' psql -h db`),
  entry('PASSWORD', 'letmein99', (value) => `Server=db;Uid=sa;Pwd=${value};Database=x`),
  entry(
    'PASSWORD',
    'letmein99',
    (value) => `jdbc:postgresql://db/x?user=a&password=${value}&ssl=true`,
  ),
  entry('PASSWORD', 'in7Yaml', (value) => `db:\n  password: ${value}\n  host: x`),
  entry('PASSWORD', 'python7', (value) => `connect(user="a", password="${value}")`),
  entry('PASSWORD', 'flagged77', (value) => `tool --password ${value} --verbose`),
  entry('PASSWORD', 'nest3d-one', (value) => JSON.stringify(JSON.stringify({password: value}))),
  entry('SECRET', make(50, 24), (value) => `client_secret: "${value}"`),
  entry('SECRET', make(51, 24), (value) => `SECRET_KEY=${value}`),
  entry('TOKEN', make(52, 24), (value) => `token="${value}"`),
  entry('TOKEN', make(53, 24), (value) => `tool --token ${value}`),
  entry('TOKEN', hex(54, 32), (value) => `TWILIO_AUTH_TOKEN=${value}`),
  entry('API-KEY', hex(55, 32), (value) => `X-Api-Key: ${value}`),
  entry('API-KEY', hex(56, 32), (value) => `{"apiKey":"${value}"}`),
  entry('NETRC-PASSWORD', 'netrcPass1', (v) => `machine x.example\n  login ana\n  password ${v}\n`),
  entry('COMMAND-PASSWORD', 'curlPass1', (v) => `curl -s -u ana:${v} https://x.example`),
  entry('ENVIRONMENT-SECRET', 'envVal-77', (v) => `- name: DB_PASSWORD\n  value: ${v}\n`),
]

/** Text that must come through as it is. */
export const harmlessTexts: readonly string[] = [
  '123e4567-e89b-42d3-a456-426614174000',
  'commit 2810dae5f0f2d4b6c8e1a3b5d7f9e1c3a5b7d9f1',
  'index 2810dae..5ccd67f 100644',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  `"integrity": "sha512-${base64(60, 86)}=="`,
  'etag "d41d8cd98f00b204e9800998ecf8427e"',
  'password: str',
  'function login(password: string, token?: string): void',
  'const token = tokens[index]',
  'token = get_token()',
  'password=os.environ["DB_PASSWORD"]',
  'secret: ${{ secrets.DEPLOY_KEY }}',
  'export TOKEN=$TOKEN',
  'api_key=$API_KEY',
  'password=${DB_PASSWORD}',
  '{"input_tokens": 12345, "output_tokens": 678, "max_tokens": 4096}',
  '"token": null, "password": true',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dsJkBV9W ana@laptop',
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  "if (text.startsWith('-----BEGIN PRIVATE KEY-----')) return",
  'https://example.com/a/b?page=2&sort=desc',
  'http://localhost:8000/api/health',
  'See https://github.com/org/repo/blob/main/src/token.ts#L10',
  'the css class sk-fading-circle-with-a-very-long-name',
  'key-value-store and task-management-of-many-things',
  'docker run -u 1000:1000 image',
  'select count(*) from tokens where secret is null',
  'git@github.com:org/repo.git',
  'ana@example.com, bob@example.com',
  '2026-01-31T12:00:00.000Z',
  'private_key: /etc/ssl/key.pem',
  'secret = projects/acme/secrets/db/versions/3',
  '{"cwd":"/home/ana/ws","sessionId":"123e4567-e89b-42d3-a456-426614174000","uuid":"223e4567-e89b-42d3-a456-426614174000"}',
]

/** What a picture looks like in a transcript: base64 without an end, from random bytes. */
export function base64Image(bytes: number, seed = 1): string {
  const data = Buffer.alloc(bytes)
  let state = seed
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[at] = state >>> 24
  }
  return `iVBORw0KGgo${data.toString('base64')}`
}
