// What is found on the console's pages by the names that an operator reads.

/** The row of a table that has exactly this name. */
export const row = (page, name) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) });

/** The same where more than the name stands in its first cell. */
export const rowThatBegins = (page, name) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${name}`) }) });

/** Chooses an action from the menu of a row. */
export async function act(page, name, action) {
  await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
  await page.getByRole('menuitem', { name: action, exact: true }).click();
}

/** What a list of facts says of a term. */
export const fact = (page, name) => page.locator('dt', { hasText: new RegExp(`^${name}$`) }).locator('xpath=following-sibling::dd[1]');

const PATIENCE_MS = 10_000;

/**
 * Holds what an act brought about: the page shows it a moment after the act, so assertions about it are tried again until they
 * hold, and fail with their own words when they do not in ten seconds.
 */
export async function eventually(assertions) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await assertions();
    } catch (error) {
      if (Date.now() > end || error.code !== 'ERR_ASSERTION') throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
