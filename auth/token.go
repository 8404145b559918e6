package auth

import "context"

// Tokens checks JWTs.
type Tokens struct{}

func (t *Tokens) verify(context.Context, string) (Principal, error) {
	return Principal{}, invalidToken("tokens are not accepted here")
}
