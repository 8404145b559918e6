package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"aiusage/usage"
)

// maxTokenLength bounds a JWT, in bytes.
const maxTokenLength = 16 << 10

// minSecretLength is the shortest shared secret, in bytes: as long as the hash of
// HS256 (RFC 7518, section 3.2).
const minSecretLength = 32

// DefaultLeeway is how far the clock of whoever issues tokens may be off.
const DefaultLeeway = 30 * time.Second

// TokenOptions say which JWTs are accepted.
type TokenOptions struct {
	// Issuer and Audience are what the claims iss and aud must name. They are
	// required with an identity provider. With a shared secret alone an empty one is
	// not looked at.
	Issuer, Audience string
	// KeysURL is where the identity provider publishes its keys (JWKS). Empty means
	// that the issuer tells, by OpenID Connect Discovery.
	KeysURL string
	// Secret is shared with whoever issues tokens by HS256. Empty means none. Beside
	// it, an Issuer that is a URL is an identity provider all the same, and one that
	// is not is a name to compare.
	Secret []byte
	// RolesClaim and AccountsClaim name the claims that hold roles and accounts: a
	// text or a list of texts. Dots lead into objects (realm_access.roles), unless
	// there is a claim with the very name. Empty means "roles" and "accounts".
	RolesClaim, AccountsClaim string
	// Leeway is how far clocks may differ. 0 means DefaultLeeway.
	Leeway time.Duration
	Log    *slog.Logger
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// The algorithms. Which one a token names decides only which kind of key is
// looked for; a key of one kind is never used for another.
var (
	asymmetric = []string{jwt.SigningMethodRS256.Alg(), jwt.SigningMethodES256.Alg(), jwt.SigningMethodEdDSA.Alg()}
	symmetric  = []string{jwt.SigningMethodHS256.Alg()}
)

// Tokens checks JWTs (RFC 7519, with the advice of RFC 8725).
type Tokens struct {
	options TokenOptions
	keys    *keySet // nil without an identity provider
	parser  *jwt.Parser
}

// FetchKeys asks the identity provider for its keys, which are needed only once there is a
// token, and returns how many can be used: none where there is no provider.
func (t *Tokens) FetchKeys(ctx context.Context) (count int, err error) {
	if t.keys == nil {
		return 0, nil
	}
	keys, err := t.keys.fetch(ctx)
	return len(keys), err
}

// NewTokens returns what checks JWTs. It asks nobody for keys yet: a provider
// that is away must not keep the gateway from starting. Options that make no
// sense are InvalidArgument errors.
func NewTokens(options TokenOptions) (*Tokens, error) {
	options.Leeway = orDefault(options.Leeway, DefaultLeeway)
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.RolesClaim == "" {
		options.RolesClaim = "roles"
	}
	if options.AccountsClaim == "" {
		options.AccountsClaim = "accounts"
	}
	t := &Tokens{options: options}
	var methods []string
	if len(options.Secret) > 0 {
		if len(options.Secret) < minSecretLength {
			return nil, usage.Errorf(usage.InvalidArgument, "the shared secret for tokens has fewer than %d bytes", minSecretLength)
		}
		methods = append(methods, symmetric...)
	}
	if options.KeysURL != "" || len(options.Secret) == 0 || strings.Contains(options.Issuer, "://") {
		if options.Issuer == "" || options.Audience == "" {
			return nil, usage.Errorf(usage.InvalidArgument, "tokens of an identity provider need both an issuer and an audience")
		}
		keys, err := newKeySet(options)
		if err != nil {
			return nil, err
		}
		t.keys, methods = keys, append(methods, asymmetric...)
	}
	t.parser = newParser(options, methods)
	return t, nil
}

func newParser(options TokenOptions, methods []string) *jwt.Parser {
	rules := []jwt.ParserOption{
		jwt.WithValidMethods(methods), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(options.Leeway), jwt.WithTimeFunc(options.Now), jwt.WithStrictDecoding(),
	}
	if options.Issuer != "" {
		rules = append(rules, jwt.WithIssuer(options.Issuer))
	}
	if options.Audience != "" {
		rules = append(rules, jwt.WithAudience(options.Audience))
	}
	return jwt.NewParser(rules...)
}

// verify returns the principal that a token stands for. A nil Tokens refuses all.
func (t *Tokens) verify(ctx context.Context, text string) (Principal, error) {
	if t == nil {
		return Principal{}, invalidToken("tokens are not accepted here")
	}
	if len(text) > maxTokenLength {
		return Principal{}, invalidToken("the token is too long")
	}
	claims := jwt.MapClaims{}
	_, err := t.parser.ParseWithClaims(text, claims, func(token *jwt.Token) (any, error) { return t.key(ctx, token) })
	if err != nil {
		return Principal{}, refusal(err)
	}
	return t.principal(claims)
}

// acceptedTypes are the types of tokens that let somebody in (RFC 8725, section
// 3.11): a JWT made for another purpose, such as signing out, does not.
var acceptedTypes = []string{"", "jwt", "at+jwt", "application/at+jwt"}

// key returns what a token is to be verified with.
func (t *Tokens) key(ctx context.Context, token *jwt.Token) (any, error) {
	kind, _ := token.Header["typ"].(string)
	accepted := false
	for _, one := range acceptedTypes {
		accepted = accepted || strings.EqualFold(kind, one)
	}
	if _, critical := token.Header["crit"]; critical || !accepted {
		return nil, errors.New("the header asks for what is not supported")
	}
	if token.Method.Alg() == jwt.SigningMethodHS256.Alg() {
		return t.options.Secret, nil // the parser takes HS256 only when there is a secret
	}
	id, _ := token.Header["kid"].(string)
	return t.keys.find(ctx, id, token.Method.Alg())
}

// refusal says what is wrong with a token, in words that repeat none of it. A
// fault of the gateway or of the provider, such as keys that cannot be fetched, comes
// back as it is.
func refusal(err error) error {
	if coded, ok := errors.AsType[*usage.Error](err); ok {
		return coded
	}
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return invalidToken("the token has expired")
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return invalidToken("the token is not valid yet")
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return invalidToken("the token is of another issuer")
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return invalidToken("the token is for another audience")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return invalidToken("the token lacks a claim")
	}
	return invalidToken("the token is not valid")
}

// maxSubject is the longest subject of a token, in bytes.
const maxSubject = 255

// principal reads who a token is for. Roles that nobody here knows are ignored:
// a provider has many, for many programs.
func (t *Tokens) principal(claims jwt.MapClaims) (Principal, error) {
	subject, err := claims.GetSubject()
	switch {
	case err != nil:
		return Principal{}, invalidToken("the token's subject is no text")
	case subject == "":
		return Principal{}, invalidToken("the token names no subject")
	case len(subject) > maxSubject:
		return Principal{}, invalidToken(fmt.Sprintf("the token's subject is longer than %d bytes", maxSubject))
	}
	principal := Principal{Name: "token:" + subject}
	for _, role := range texts(claim(claims, t.options.RolesClaim)) {
		if slices.Contains(Roles, role) {
			principal.Roles = append(principal.Roles, role)
		}
	}
	principal.Accounts = texts(claim(claims, t.options.AccountsClaim))
	if len(principal.Accounts) > MaxAccounts {
		return Principal{}, invalidToken("the token names too many accounts")
	}
	for _, account := range principal.Accounts {
		if account == "" || usage.CheckID(usage.ArgAccountID, account) != nil {
			return Principal{}, invalidToken("the token names an account that cannot be one")
		}
	}
	slices.Sort(principal.Accounts)
	principal.Accounts = slices.Compact(principal.Accounts)
	return principal, nil
}

// claim returns the claim with a name, or what dots in it lead to.
func claim(claims map[string]any, name string) any {
	if value, found := claims[name]; found {
		return value
	}
	first, rest, _ := strings.Cut(name, ".")
	if inner, ok := claims[first].(map[string]any); ok {
		return claim(inner, rest)
	}
	return nil
}

// texts returns a claim's text, or the texts of its list.
func texts(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var all []string
		for _, member := range value {
			if text, ok := member.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}
