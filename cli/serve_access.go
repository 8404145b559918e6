package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/usage"
)

// accessFlags say who is let in, and how.
type accessFlags struct {
	TLSCert string `name:"tls-cert" env:"AIUSAGE_TLS_CERT" group:"Who is let in:" type:"path" placeholder:"FILE" help:"A certificate in PEM format, with those between it and its authority; read again when it changes."`
	TLSKey  string `name:"tls-key" env:"AIUSAGE_TLS_KEY" group:"Who is let in:" type:"path" placeholder:"FILE" help:"The key of the certificate, in PEM format."`

	TrustedProxy  []string `env:"AIUSAGE_TRUSTED_PROXIES" group:"Who is let in:" placeholder:"NETWORK" help:"A proxy, as an address or a network (10.0.0.0/8), whose X-Forwarded-For and X-Forwarded-Proto are believed. Separate several with commas."`
	AllowedOrigin []string `env:"AIUSAGE_ALLOWED_ORIGINS" group:"Who is let in:" placeholder:"ORIGIN" help:"An origin (https://app.example.com) whose pages may use the gateway from a browser. Separate several with commas. Without any, only the gateway's own pages may."`
	Introspection string   `env:"AIUSAGE_INTROSPECTION" group:"Who is let in:" default:"auto" enum:"auto,open,signed-in,off" help:"Who may see GraphiQL and the schema: open, everybody; signed-in; off, nobody the schema and those signed in GraphiQL; or auto, everybody with the embedded database and those signed in otherwise (default: auto). Data always needs signing in."`

	SessionIdle     time.Duration `env:"AIUSAGE_SESSION_IDLE" group:"Who is let in:" default:"2h" placeholder:"DURATION" help:"After how long without use somebody is signed out (default: 2h)."`
	SessionLife     time.Duration `env:"AIUSAGE_SESSION_LIFE" group:"Who is let in:" default:"24h" placeholder:"DURATION" help:"After how long somebody is signed out in any case (default: 24h)."`
	SessionRemember time.Duration `env:"AIUSAGE_SESSION_REMEMBER" group:"Who is let in:" default:"336h" placeholder:"DURATION" help:"After how long somebody who asked to be remembered is signed out, used or not (default: 336h)."`

	JWTIssuer        string        `name:"jwt-issuer" env:"AIUSAGE_JWT_ISSUER" group:"Who is let in:" placeholder:"URL" help:"The identity provider whose tokens are taken. Without --jwt-keys its keys are found by OpenID Connect Discovery."`
	JWTAudience      string        `name:"jwt-audience" env:"AIUSAGE_JWT_AUDIENCE" group:"Who is let in:" placeholder:"NAME" help:"The audience that tokens must be for."`
	JWTKeys          string        `name:"jwt-keys" env:"AIUSAGE_JWT_KEYS" group:"Who is let in:" placeholder:"URL" help:"Where the identity provider publishes its keys (JWKS)."`
	JWTSecretFile    string        `name:"jwt-secret-file" env:"AIUSAGE_JWT_SECRET_FILE" group:"Who is let in:" type:"path" placeholder:"FILE" help:"A file with a secret of at least 32 bytes, shared with whoever issues tokens by HS256. Beside it, an issuer that is a URL is an identity provider all the same."`
	JWTRolesClaim    string        `name:"jwt-roles-claim" env:"AIUSAGE_JWT_ROLES_CLAIM" group:"Who is let in:" default:"roles" placeholder:"NAME" help:"The claim with the roles; dots lead into objects, as in realm_access.roles (default: roles)."`
	JWTAccountsClaim string        `name:"jwt-accounts-claim" env:"AIUSAGE_JWT_ACCOUNTS_CLAIM" group:"Who is let in:" default:"accounts" placeholder:"NAME" help:"The claim with the accounts of an AccountAdministrator (default: accounts)."`
	JWTLeeway        time.Duration `name:"jwt-leeway" env:"AIUSAGE_JWT_LEEWAY" group:"Who is let in:" default:"30s" placeholder:"DURATION" help:"How far the clock of whoever issues tokens may be off (default: 30s)."`
}

// settings are what the flags make of a gateway's configuration.
func (f accessFlags) settings(log *slog.Logger) (gateway.Config, error) {
	var wrong mistakes
	for _, life := range []struct {
		flag  string
		given time.Duration
	}{{"--session-idle", f.SessionIdle}, {"--session-life", f.SessionLife}, {"--session-remember", f.SessionRemember}, {"--jwt-leeway", f.JWTLeeway}} {
		if life.given <= 0 {
			wrong.note(usage.Errorf(usage.InvalidArgument, "%s must be longer than nothing", life.flag))
		}
	}
	if (f.TLSCert == "") != (f.TLSKey == "") {
		wrong.note(usage.Errorf(usage.InvalidArgument, "--tls-cert and --tls-key go together"))
	}
	proxies, err := parseNetworks(f.TrustedProxy)
	wrong.note(err)
	tokens, err := f.tokens(log)
	wrong.note(err)
	return gateway.Config{
		Auth: auth.Options{
			SessionIdle: f.SessionIdle, SessionLife: f.SessionLife, SessionRemember: f.SessionRemember,
			Tokens: tokens, TrustedProxies: proxies,
		},
		AllowedOrigins: f.AllowedOrigin,
		HideSchema:     f.Introspection == "off",
		Log:            log,
	}, wrong.asError()
}

// parseNetworks reads addresses and networks.
func parseNetworks(texts []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if address, addressErr := netip.ParseAddr(text); addressErr == nil {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, usage.Errorf(usage.InvalidArgument, "--trusted-proxy: %q is neither an address nor a network such as 10.0.0.0/8", text)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// tokens returns what checks JWTs, or nil when none are taken.
func (f accessFlags) tokens(log *slog.Logger) (*auth.Tokens, error) {
	if f.JWTIssuer == "" && f.JWTAudience == "" && f.JWTKeys == "" && f.JWTSecretFile == "" {
		return nil, nil
	}
	var secret []byte
	if f.JWTSecretFile != "" {
		var err error
		if secret, err = readSecret(f.JWTSecretFile); err != nil {
			return nil, usage.Errorf(usage.InvalidArgument, "--jwt-secret-file %v", err)
		}
	}
	return auth.NewTokens(auth.TokenOptions{
		Issuer: f.JWTIssuer, Audience: f.JWTAudience, KeysURL: f.JWTKeys, Secret: secret,
		RolesClaim: f.JWTRolesClaim, AccountsClaim: f.JWTAccountsClaim, Leeway: f.JWTLeeway, Log: log,
	})
}

// opensSchema tells whether anybody may see the schema.
func (f accessFlags) opensSchema(store *database) bool {
	return f.Introspection == "open" || f.Introspection == "auto" && store.own
}

// certificate returns the certificate that the flags name, or nil.
func (f accessFlags) certificate(log *slog.Logger) (*gateway.CertificateFiles, error) {
	if f.TLSCert == "" || f.TLSKey == "" {
		return nil, nil // settings says that they go together
	}
	certificate, err := gateway.LoadCertificate(f.TLSCert, f.TLSKey, log)
	if err != nil {
		return nil, &usage.Error{Code: usage.InvalidArgument, Message: fmt.Sprintf("--tls-cert and --tls-key: %v", err), Cause: errors.Unwrap(err)}
	}
	return certificate, nil
}

func (f accessFlags) scheme() string {
	if f.TLSCert != "" {
		return "https"
	}
	return "http"
}

// warnOfPlainText says so when passwords can be read on the way. Behind a proxy
// that was named, encryption is the proxy's part.
func (f accessFlags) warnOfPlainText(log *slog.Logger, address net.Addr) {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || tcp.IP.IsLoopback() || f.TLSCert != "" || len(f.TrustedProxy) > 0 {
		return
	}
	log.Warn("passwords and answers can be read on the way: use --tls-cert and --tls-key, "+
		"or name the proxy that encrypts with --trusted-proxy", "address", strings.TrimSpace(address.String()))
}
