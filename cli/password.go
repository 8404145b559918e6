package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"aiusage/auth"
	"aiusage/usage"
)

// newPassword is a password that a user is given.
type newPassword struct {
	hash string
	// weak is whether it should not have been taken, and why what is wrong with it.
	weak bool
	why  string
}

// remark says that a password is a weak one, if it is.
func (n newPassword) remark() string {
	if !n.weak {
		return ""
	}
	return ", with a weak password: " + n.why
}

// newPassword asks for a new password of a user. A weak one is accepted only
// where that was asked for.
func (p *process) newPassword(ctx context.Context, name string, takeWeak bool) (newPassword, error) {
	password, err := p.readPassword(ctx)
	if err != nil {
		return newPassword{}, err
	}
	judgement := auth.CheckNewPassword(name, password)
	if judgement != nil && !takeWeak {
		return newPassword{}, usage.Errorf(usage.InvalidArgument,
			"%s (--weak-password takes it as it is, for an old caller that cannot be given another)", usage.AsError(judgement).In(flagNames).Message)
	}
	hash, err := auth.HashPassword(password)
	made := newPassword{hash: hash, weak: judgement != nil}
	if made.weak {
		made.why = usage.AsError(judgement).In(flagNames).Message
	}
	return made, err
}

// readPassword reads a new password: on a terminal by asking twice without
// showing what is typed, elsewhere from one line of standard input. It is never
// an argument, which other users of the machine could see.
func (p *process) readPassword(ctx context.Context) (string, error) {
	if terminal, ok := p.stdin.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		return p.askPassword(ctx, terminal)
	}
	line, err := bufio.NewReader(io.LimitReader(p.stdin, auth.MaxPasswordLength+3)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return "", usage.Errorf(usage.InvalidArgument, "the password is missing: standard input has no line")
	}
	return line, nil
}

// askPassword asks on a terminal.
func (p *process) askPassword(ctx context.Context, terminal *os.File) (string, error) {
	first, err := p.prompt(ctx, terminal, "New password: ")
	if err != nil {
		return "", err
	}
	second, err := p.prompt(ctx, terminal, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", usage.Errorf(usage.InvalidArgument, "the two passwords differ")
	}
	return first, nil
}

// prompt asks for one line without showing it. When ctx ends first, the
// terminal shows again what is typed.
func (p *process) prompt(ctx context.Context, terminal *os.File, text string) (string, error) {
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(p.stderr, text)
	defer fmt.Fprintln(p.stderr)
	type line struct {
		text []byte
		err  error
	}
	lines := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		lines <- line{text, err}
	}()
	select {
	case read := <-lines:
		return string(read.text), read.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}
