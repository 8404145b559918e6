//go:build !linux

package dbtest

import "errors"

// network is for Linux, whose namespaces it takes.
type network struct{}

var errNoNetwork = errors.New("there are no network namespaces here")

func newNetwork(int) (*network, error)     { return nil, errNoNetwork }
func (*network) address(int) string        { return "" }
func (*network) cut(int) error             { return errNoNetwork }
func (*network) mend(int) error            { return errNoNetwork }
func (*network) attach(int, *Server) error { return errNoNetwork }
func (*network) close()                    {}
func enter(string) error                   { return errNoNetwork }
