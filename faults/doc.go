// Package faults has no code of its own, but the tests of what becomes of a running gateway when
// what it stands on fails: the network, the database's server, its disk, the clocks, and the
// gateway's own process. Callers ask all the while, and the platform writes; whatever is answered
// is held to an account that the tests keep themselves. docs/operations/faults.md tells operators
// what was seen.
package faults
