import {existsSync} from 'node:fs'
import {mkdtemp} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {chromium, type Browser, type Page} from 'playwright-core'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {EMAIL, PASSWORD, setPassword} from '../support/sign-in-world.js'
import {listenForCallback} from '../../src/lib/adapters/loopback-callback.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {removeFolder} from '../support/temp-dir.js'

const PROGRAM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
)
const STATE = 'state-0123456789-abcdefghij'

describe.runIf(PROGRAM !== undefined)('the sign-in page in Chromium', () => {
  let browser: Browser
  let server: EmbeddedServer
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agnes-test-'))
    server = await startEmbeddedServer({dir: folder, isShared: true})
    await setPassword(server, EMAIL, PASSWORD)
    browser = await chromium.launch({
      ...(PROGRAM === undefined ? {} : {executablePath: PROGRAM}),
      args: ['--no-sandbox'],
    })
  }, 60_000)
  afterAll(async () => {
    await browser.close()
    await server.close()
    await removeFolder(folder)
  })

  /** A page that collects what the browser objected to. */
  async function openPage() {
    const callback = await listenForCallback(STATE)
    const context = await browser.newContext()
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    await page.goto(`${server.url}/cli/auth/start?port=${callback.port}&state=${STATE}`)
    const close = async () => {
      await context.close()
      await callback.close()
    }
    return {page, callback, complaints, requests, close}
  }

  async function fill(page: Page, password: string) {
    await page.getByLabel('E-mail').fill(EMAIL)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', {name: 'Sign in'}).click()
  }

  it('asks by labelled fields, in the order a keyboard goes, with nothing from elsewhere', async () => {
    const {page, complaints, requests, close} = await openPage()
    expect(await page.title()).toBe('Sign in to Agnes')
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    const focused = () =>
      page.evaluate('document.activeElement.name + " " + (document.activeElement.value || "")')
    // A page is loaded before it is shown, and the first field has the focus only then.
    await expect.poll(focused, {timeout: 30_000}).toBe('email ')
    const order = []
    for (let step = 0; step < 4; step++) {
      order.push(await focused())
      await page.keyboard.press('Tab')
    }
    expect(order).toEqual(['email ', 'password ', 'decision allow', 'decision deny'])
    expect(await page.evaluate('getComputedStyle(document.body).maxWidth')).toBe('416px')
    const elsewhere = requests.filter(
      (url) => !url.startsWith(`${server.url}/cli/auth/start`) && !url.endsWith('/favicon.ico'),
    )
    expect([
      complaints.filter((text) => !text.includes('favicon') && !text.includes('404')),
      elsewhere,
    ]).toEqual([[], []])
    await close()
  }, 60_000)

  it('carries a code to the waiting port, which the command line exchanges', async () => {
    const {page, callback, close} = await openPage()
    await fill(page, PASSWORD)
    await page.waitForURL(/callback/)
    expect(await page.textContent('p')).toContain('You are signed in')
    const code = await callback.code
    const exchanged = await server.call('POST', '/cli/auth/exchange', {token: null, body: {code}})
    expect([exchanged.status, exchanged.body.email]).toEqual([200, EMAIL])
    expect(await page.context().cookies()).toEqual([])
    await close()
  }, 60_000)

  it('says what went wrong where a screen reader hears it, and keeps the e-mail', async () => {
    const {page, callback, close} = await openPage()
    await fill(page, 'wrong password')
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('wrong')
    expect(await page.getByLabel('E-mail').inputValue()).toBe(EMAIL)
    expect(await page.getByLabel('Password').inputValue()).toBe('')
    await fill(page, PASSWORD)
    expect(await callback.code).toMatch(/^[0-9a-f]{64}$/)
    await close()
  }, 60_000)

  it('can be declined without a word typed', async () => {
    const {page, callback, close} = await openPage()
    await page.getByRole('button', {name: 'Cancel'}).click()
    await expect(callback.code).rejects.toMatchObject({code: 'sign_in_declined'})
    await close()
  }, 60_000)

  it('runs no script that a page smuggles into it', async () => {
    const {page, close} = await openPage()
    await page.getByLabel('E-mail').evaluate((input) => {
      const field = input as unknown as {type: string; value: string}
      field.type = 'text'
      field.value = '"><script>document.title="owned"</script>'
    })
    await page.getByLabel('Password').fill('x')
    await page.getByRole('button', {name: 'Sign in'}).click()
    await page.getByRole('alert').waitFor()
    expect(await page.title()).toBe('Sign in to Agnes')
    expect(await page.locator('script').count()).toBe(0)
    await close()
  }, 60_000)

  it('cannot be put into a frame', async () => {
    const {page, close} = await openPage()
    const address = page.url()
    await page.goto('about:blank')
    await page.setContent(`<iframe src="${address}"></iframe>`)
    await page.waitForLoadState('networkidle')
    const inside = page.frames().find((frame) => frame !== page.mainFrame())
    expect(await inside?.getByLabel('E-mail').count()).toBe(0)
    await close()
  }, 60_000)
})
