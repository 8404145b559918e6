package resolvers

import (
	"context"

	"aiusage/auth"
	"aiusage/usage"
)

// scoped is the only way from the resolvers to the database. Every method puts
// the scope of the asking principal into the query before it is read, so that no
// resolver, loader or field has to, and none can forget to.
//
// It does not embed the Reader: a method added there does not compile until it
// is given its scope here.
type scoped struct{ reader Reader }

var _ Reader = scoped{}

func (s scoped) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	query, err := auth.Restrict(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.reader.Report(ctx, query)
}
