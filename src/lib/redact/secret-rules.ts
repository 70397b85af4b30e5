/**
 * Secrets that show by their own shape: a prefix their issuer gave them. One row a kind of token.
 *
 * Every pattern has one shape, checked by a test, so that no input can make it slow: a head in which
 * each repetition is bounded, then at most one open repetition of a single class, after which nothing
 * can fail. `keep` (group 1) stays readable; the rest of the match is the secret.
 */
export interface SecretRule {
  /** Appears as `[REDACTED-<kind>]`. */
  kind: string
  /** Without one of these in the text the pattern cannot match; empty when there is no such literal. ASCII, two characters at least. */
  anchors: readonly string[]
  /** Global. */
  pattern: RegExp
  /** Also looked for in long base64 without a separator, where all else would be chance. */
  isBase64?: true
  /** A last look at the secret part. */
  accept?: (secret: string) => boolean
}

const hasDigit = (secret: string) => /\d/.test(secret)
const isMixed = (secret: string) => /\d/.test(secret) && /[A-Za-z]/.test(secret)

export const secretRules: readonly SecretRule[] = [
  {
    kind: 'AWS-SECRET-KEY',
    anchors: ['AKIA', 'ASIA'],
    pattern:
      /((?:AKIA|ASIA)[A-Z0-9]{16}[^A-Za-z0-9/+]{1,12}(?:[A-Za-z]{1,30}[^A-Za-z0-9/+]{1,12}){0,5})[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g,
    accept: isMixed,
  },
  {
    kind: 'AWS-ACCESS-KEY',
    anchors: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  },
  {kind: 'GCP-API-KEY', anchors: ['AIza'], pattern: /(?<![\w-])AIza[\w-]{35}(?![\w-])/g},
  {kind: 'GCP-OAUTH-TOKEN', anchors: ['ya29.'], pattern: /ya29\.[\w-]{20,}/g},
  {kind: 'GCP-CLIENT-SECRET', anchors: ['GOCSPX-'], pattern: /GOCSPX-[\w-]{20,}/g},
  {
    kind: 'GCP-SERVICE-ACCOUNT',
    anchors: [
      'ewogICJ0eXBlIjogInNlcnZpY2VfYWNjb3Vu',
      'eyJ0eXBlIjoic2VydmljZV9hY2NvdW50',
      'eyJ0eXBlIjogInNlcnZpY2VfYWNjb3Vu',
    ],
    pattern: /(?:ewogICJ0eXBlIjogI|eyJ0eXBlIjoi|eyJ0eXBlIjogI)(?:c2|nNl)[A-Za-z0-9+/=\r\n]{40,}/g,
    isBase64: true,
  },
  {
    kind: 'PRIVATE-KEY',
    anchors: ['LS0tLS1CRUdJTi'],
    pattern: /LS0tLS1CRUdJTi[A-Za-z0-9+/=\r\n]{40,}/g,
    isBase64: true,
    accept: (secret) =>
      Buffer.from(secret.slice(0, 80), 'base64').toString('latin1').includes('PRIVATE KEY'),
  },
  {
    kind: 'AZURE-STORAGE-KEY',
    anchors: ['ccountKey', 'ccountkey'],
    pattern: /(accountkey\s{0,4}[=:]\s{0,4})[A-Za-z0-9+/%]{40,}={0,2}/gi,
  },
  {
    kind: 'AZURE-SHARED-KEY',
    anchors: ['haredAccessKey=', 'haredaccesskey='],
    pattern: /(sharedaccesskey=)[A-Za-z0-9+/%]{20,}={0,2}/gi,
  },
  {kind: 'SIGNED-URL', anchors: ['sig='], pattern: /([?&;]sig=)[\w%+/=.-]{20,}/g},
  {
    kind: 'SIGNED-URL',
    anchors: ['-Signature=', '-Security-Token=', 'Signature='],
    pattern:
      /([?&;](?:X-Amz-Signature|X-Amz-Security-Token|X-Goog-Signature|Signature)=)[\w%+/=.-]{16,}/g,
  },
  {
    kind: 'AZURE-CLIENT-SECRET',
    anchors: ['Q~'],
    pattern: /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,}/g,
  },
  {
    kind: 'GITHUB-TOKEN',
    anchors: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    pattern: /gh[pousr]_[A-Za-z0-9]{30,}/g,
  },
  {kind: 'GITHUB-TOKEN', anchors: ['github_pat_'], pattern: /github_pat_\w{20,}/g},
  {
    kind: 'GITLAB-TOKEN',
    anchors: ['glpat-', 'gldt-', 'glrt-', 'glft-', 'glsoat-', 'glcbt-', 'glptt-', 'glagent-'],
    pattern: /gl(?:pat|dt|rt|ft|soat|cbt|ptt|agent)-[\w.-]{16,}/g,
  },
  {kind: 'SLACK-TOKEN', anchors: ['xox'], pattern: /xox[abceoprs]-[\w-]{10,}/g, accept: hasDigit},
  {kind: 'SLACK-TOKEN', anchors: ['xapp-'], pattern: /xapp-\d-[\w-]{10,}/g},
  {
    kind: 'SLACK-WEBHOOK',
    anchors: ['hooks.slack.com'],
    pattern: /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[\w/-]{16,}/g,
  },
  {
    kind: 'WEBHOOK-URL',
    anchors: ['/api/webhooks/'],
    pattern: /(discord(?:app)?\.com\/api\/webhooks\/)[\w/-]{20,}/g,
  },
  {
    kind: 'WEBHOOK-URL',
    anchors: ['webhook.office.com/'],
    pattern: /(webhook\.office\.com\/)[\w@/-]{20,}/g,
  },
  {
    kind: 'STRIPE-KEY',
    anchors: ['_live_', '_test_'],
    pattern: /(?<![A-Za-z0-9])(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}/g,
  },
  {kind: 'STRIPE-KEY', anchors: ['whsec_'], pattern: /whsec_[A-Za-z0-9+/=]{16,}/g},
  {
    kind: 'TWILIO-KEY',
    anchors: ['SK'],
    pattern: /(?<![A-Za-z0-9])SK[0-9a-f]{32}(?![A-Za-z0-9])/g,
  },
  {kind: 'SENDGRID-KEY', anchors: ['SG.'], pattern: /SG\.[\w-]{16,32}\.[\w-]{16,}/g},
  {kind: 'NPM-TOKEN', anchors: ['npm_'], pattern: /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{30,}/g},
  {kind: 'PYPI-TOKEN', anchors: ['pypi-'], pattern: /pypi-[\w-]{50,}/g},
  {kind: 'ANTHROPIC-KEY', anchors: ['sk-ant-'], pattern: /sk-ant-[\w-]{20,}/g},
  {
    kind: 'OPENAI-KEY',
    anchors: ['sk-'],
    pattern: /(?<![\w-])sk-[\w-]{20,}/g,
    accept: (secret) => hasDigit(secret) && /[A-Za-z0-9]{16}/.test(secret),
  },
  {kind: 'HUGGINGFACE-TOKEN', anchors: ['hf_'], pattern: /(?<!\w)hf_[A-Za-z0-9]{30,}/g},
  {kind: 'DATABRICKS-TOKEN', anchors: ['dapi'], pattern: /(?<![A-Za-z0-9])dapi[0-9a-f]{32,}/g},
  {
    kind: 'KEBOOLA-TOKEN',
    anchors: [],
    pattern: /(?<![\w-])\d{1,8}-\d{1,10}-[A-Za-z0-9]{32,}/g,
    accept: (secret) => isMixed(secret.slice(secret.lastIndexOf('-'))),
  },
  {kind: 'DOCKER-TOKEN', anchors: ['dckr_'], pattern: /dckr_[po]at_[\w-]{20,}/g},
  {
    kind: 'VAULT-TOKEN',
    anchors: ['hvs.', 'hvb.', 'hvr.'],
    pattern: /(?<!\w)hv[sbr]\.[\w-]{20,}/g,
    accept: hasDigit,
  },
  {
    kind: 'DIGITALOCEAN-TOKEN',
    anchors: ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    pattern: /do[opr]_v1_[0-9a-f]{40,}/g,
  },
  {
    kind: 'SHOPIFY-TOKEN',
    anchors: ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    pattern: /shp(?:at|ca|pa|ss)_[0-9a-fA-F]{30,}/g,
  },
  {kind: 'GRAFANA-TOKEN', anchors: ['glsa_', 'glc_'], pattern: /gl(?:sa|c)_[\w+/=]{32,}/g},
  {kind: 'ATLASSIAN-TOKEN', anchors: ['ATATT3', 'ATCTT3'], pattern: /AT[AC]TT3[\w=-]{50,}/g},
  {kind: 'LINEAR-KEY', anchors: ['lin_api_'], pattern: /lin_api_\w{30,}/g},
  {kind: 'NOTION-TOKEN', anchors: ['ntn_'], pattern: /(?<!\w)ntn_[A-Za-z0-9]{30,}/g},
  {kind: 'FIGMA-TOKEN', anchors: ['figd_'], pattern: /figd_[\w-]{30,}/g},
  {kind: 'GROQ-KEY', anchors: ['gsk_'], pattern: /(?<!\w)gsk_[A-Za-z0-9]{40,}/g},
  {kind: 'POSTMAN-KEY', anchors: ['PMAK-'], pattern: /PMAK-[0-9a-f-]{40,}/g},
  {
    kind: 'AIRTABLE-TOKEN',
    anchors: ['pat'],
    pattern: /(?<!\w)pat[A-Za-z0-9]{14}\.[0-9a-f]{50,}/g,
  },
  {kind: 'NEWRELIC-KEY', anchors: ['NRAK-'], pattern: /NRAK-[A-Z0-9]{20,}/g},
  {kind: 'SENTRY-TOKEN', anchors: ['sntrys_', 'sntryu_'], pattern: /sntry[su]_[\w+/=-]{30,}/g},
  {
    kind: 'TERRAFORM-TOKEN',
    anchors: ['.atlasv1.'],
    pattern: /(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[\w-]{50,}/g,
  },
  {kind: 'SUPABASE-TOKEN', anchors: ['sbp_'], pattern: /sbp_[0-9a-f]{40,}/g},
  {kind: 'MAILGUN-KEY', anchors: ['key-'], pattern: /(?<![\w-])key-[0-9a-f]{32}(?![\w-])/g},
  {
    kind: 'TELEGRAM-TOKEN',
    anchors: [':AA'],
    pattern: /(?<![\w-])\d{8,10}:AA[\w-]{33}(?![\w-])/g,
  },
  {kind: 'AGE-KEY', anchors: ['AGE-SECRET-KEY-1'], pattern: /AGE-SECRET-KEY-1[0-9A-Z]{50,}/g},
]
