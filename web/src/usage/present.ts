// present leaves out what could not be answered, of which there is an error beside the data.
export function present<T>(rows: readonly (T | null)[] | null | undefined): T[] {
  return (rows ?? []).filter((row) => row !== null);
}
