// The selected row and the filter stand in the address, so that a link leads back to them.

export function readHash() {
  const parts = new URLSearchParams(location.hash.slice(1));
  return { row: Number(parts.get('row')) || 0, filter: parts.get('filter') ?? '' };
}

export function writeHash(row, filter) {
  const parts = new URLSearchParams();
  if (row) parts.set('row', row);
  if (filter) parts.set('filter', filter);
  const hash = parts.toString();
  history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
}
