import {createHash} from 'node:crypto'

/** What the sign-in page shows; every text is escaped. */
export interface SignInPage {
  port: string
  state: string
  /** As typed before. */
  email: string
  /** Why the last try did not succeed. */
  problem: string | null
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:10vh auto;padding:0 1rem;' +
  'color:#1a1a1a;background:#fff}label{display:block;margin:1rem 0 .25rem;font-weight:600}' +
  'input{width:100%;box-sizing:border-box;font:inherit;padding:.5rem;border:1px solid #666;' +
  'border-radius:4px}button{font:inherit;padding:.5rem 1rem;margin:1.5rem .5rem 0 0;border:1px solid ' +
  '#0b57d0;border-radius:4px;background:#0b57d0;color:#fff;cursor:pointer}button.plain{background:#fff;' +
  'color:#0b57d0}:focus-visible{outline:3px solid #0b57d0;outline-offset:2px}.problem{border-left:4px ' +
  'solid #b3261e;padding:.5rem 1rem;background:#fdeceb}'
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** No script, nothing from elsewhere, no frame; the form leads here and to the one waiting port. */
export function signInHeaders(port: string): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy':
      `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; ` +
      `form-action 'self' http://127.0.0.1:${port}; frame-ancestors 'none'; base-uri 'none'`,
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
  }
}

export function signInPage({port, state, email, problem}: SignInPage): string {
  const alert =
    problem === null
      ? ''
      : `<p class="problem" role="alert" id="problem"><strong>Not signed in.</strong> ${escape(problem)}</p>`
  const described = problem === null ? '' : ' aria-describedby="problem" aria-invalid="true"'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in to Agnes</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Sign in to Agnes</h1>
<p>The command line on this computer asks for access to your tables, in your name, for 90 days.
Go on only if you have just started <code>agnes auth login</code> yourself.</p>
${alert}
<form method="post" action="/cli/auth/start" autocomplete="on">
<input type="hidden" name="port" value="${escape(port)}">
<input type="hidden" name="state" value="${escape(state)}">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="320" value="${escape(email)}"${described}${email === '' ? ' autofocus' : ''}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024"${described}${email === '' ? '' : ' autofocus'}>
<button type="submit" name="decision" value="allow">Sign in</button>
<button type="submit" name="decision" value="deny" class="plain" formnovalidate>Cancel</button>
</form>
<p>No password? An administrator sets one, or gives you a token for <code>agnes auth import-token</code>.</p>
</main>
</body>
</html>
`
}

function escape(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
