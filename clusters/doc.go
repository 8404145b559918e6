// Package clusters has no code of its own, but the tests of gateways on more than one database
// server: the nodes of a Galera cluster, the members of a group, a primary and its replica. Servers
// are killed, paused and brought back while gateways answer and fold and writers write, and
// everything is held to an account that the tests keep themselves. docs/operations/scaling.md tells
// operators what was seen.
package clusters
