// Package vitess has no code: its test plans the statements of the gateway as Vitess plans them,
// with the tables sharded by account, and holds docs/operations/vitess.md to what comes of it. It
// is a module of its own, because Vitess' planner has hundreds of dependencies.
package vitess
