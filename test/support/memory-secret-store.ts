import type {Secret, SecretStore} from '../../src/lib/ports/secret-store.js'

/** Credentials that end with the test. Under the same contract as the real stores. */
export class MemorySecretStore implements SecretStore {
  readonly kind = 'memory'
  private readonly secrets = new Map<string, Secret>()

  async get(origin: string): Promise<Secret | undefined> {
    const secret = this.secrets.get(origin)
    return secret && {...secret}
  }

  async set(origin: string, secret: Secret): Promise<void> {
    this.secrets.set(origin, {...secret})
  }

  async delete(origin: string): Promise<boolean> {
    return this.secrets.delete(origin)
  }
}
