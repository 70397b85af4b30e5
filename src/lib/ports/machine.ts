/** The computer the daemon runs on. */
export interface Machine {
  /** True without mains power; `null` where the system does not tell. */
  isOnBattery(): Promise<boolean | null>
  /** True on a line that is paid by volume, such as a phone's; `null` where the system does not tell. */
  isMetered(): Promise<boolean | null>
  /** Shows a notice on the desktop; false where there is none. Never fails. */
  notify(title: string, text: string): Promise<boolean>
}
