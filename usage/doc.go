// Package usage is the domain of the gateway: what an AI session is, what a
// range of dates means, and how sessions add up to a usage report.
//
// It is pure. Nothing in it reads a clock, a file or a network, and it imports
// nothing but the standard library, so every rule here can be tested alone.
// The words it uses are explained in docs/words.md.
package usage
