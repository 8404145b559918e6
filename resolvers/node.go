package resolvers

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"aiusage/auth"
	"aiusage/resolvers/answer"
	"aiusage/resolvers/selection"
	"aiusage/usage"
)

// maxNodes bounds the ids of Query.nodes.
const maxNodes = 100

// Node resolves Query.node.
func (r queryResolver) Node(ctx context.Context, id string) (answer.Node, error) {
	found, err := r.nodes(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	return found[0].node, found[0].err
}

// Nodes resolves Query.nodes.
func (r queryResolver) Nodes(ctx context.Context, ids []string) ([]answer.Node, error) {
	if len(ids) > maxNodes {
		return nil, usage.Invalid(answer.ArgIDs, "%s has %d ids", answer.ArgIDs, len(ids)).Accepting(usage.Textf("at most %d ids", maxNodes))
	}
	found, err := r.nodes(ctx, ids)
	if err != nil {
		return nil, err
	}
	nodes := make([]answer.Node, len(found))
	for i, one := range found {
		if nodes[i] = one.node; one.err != nil {
			graphql.AddError(graphql.WithPathContext(ctx, graphql.NewPathWithIndex(i)), one.err)
		}
	}
	return nodes, nil
}

// lookup is what an id has come to.
type lookup struct {
	node answer.Node
	err  error
}

// nodes looks ids up, side by side, so that what they need is read together.
func (r queryResolver) nodes(ctx context.Context, ids []string) ([]lookup, error) {
	reading, err := answer.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	if err := auth.CheckAccount(ctx, ""); err != nil {
		return nil, err // they may see nothing, whatever the id
	}
	wanted := wantedOf(ctx, ids)
	if err := reading.CountReportsByID(len(wanted.levels)); err != nil {
		return nil, err
	}
	found := make([]lookup, len(ids))
	var side sync.WaitGroup
	for i, identity := range wanted.identities {
		if identity == nil {
			continue
		}
		find := r.find(ctx, reading, *identity, wanted)
		side.Go(func() {
			found[i].err = usage.Safely(func() (err error) {
				found[i].node, err = find()
				return err
			})
		})
	}
	side.Wait()
	return found, nil
}

// wanted is what a list of ids stands for.
type wanted struct {
	// identities are in the order of the ids, nil for what is no id or not for the principal to see.
	identities []*answer.Identity
	// levels is how far each report has to tell usage apart for all that is a part of it.
	levels map[string]usage.Level
	// rows are whose rows of a report are wanted together, by their level.
	rows map[string][]usage.Subject
}

func wantedOf(ctx context.Context, ids []string) *wanted {
	w := &wanted{identities: make([]*answer.Identity, len(ids)), levels: map[string]usage.Level{}, rows: map[string][]usage.Subject{}}
	below := selection.LevelOf(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field.Selections)
	for i, id := range ids {
		identity, is := answer.Identify(id)
		if !is || !maySee(ctx, identity) {
			continue
		}
		w.identities[i] = &identity
		query, ofReport := identity.Query()
		if !ofReport {
			continue
		}
		level, known := w.levels[identity.SameReport()]
		if !known {
			level = below
		}
		w.levels[identity.SameReport()] = min(level, query.Level)
		w.rows[identity.Part()] = append(w.rows[identity.Part()], identity.Subject())
	}
	return w
}

// maySee tells whether the principal may see the account that an identity is about, and the one
// that its report is about. Of a report about some accounts they are shown what they may see.
func maySee(ctx context.Context, identity answer.Identity) bool {
	query, _ := identity.Query()
	return auth.CheckAccount(ctx, identity.Subject().AccountID) == nil && auth.CheckAccount(ctx, query.AccountID) == nil
}

// find returns what reads what an identity stands for. What is looked up is noted before that, so
// that one statement looks up all that others of the list are about.
func (r queryResolver) find(ctx context.Context, reading *answer.Reading, identity answer.Identity, wanted *wanted) func() (answer.Node, error) {
	query, ofReport := identity.Query()
	if name := identity.Viewer(); name != "" {
		return func() (answer.Node, error) { return findViewer(ctx, reading, name) }
	}
	if !ofReport {
		return reading.LookUp(ctx, identity)
	}
	query.Level = wanted.levels[identity.SameReport()]
	return func() (answer.Node, error) {
		report, err := r.reportOf(ctx, reading, query, reading.Report)
		if err != nil {
			return nil, err
		}
		return identity.In(ctx, report, wanted.rows[identity.Part()])
	}
}

// findViewer returns who is asking, if it is they who are asked for.
func findViewer(ctx context.Context, reading *answer.Reading, name string) (answer.Node, error) {
	if asking, err := viewer(ctx, reading); err != nil || asking.Name == name {
		return asking, err
	}
	return nil, nil
}

// Account resolves Query.account.
func (r queryResolver) Account(ctx context.Context, accountID string) (*answer.Account, error) {
	reading, err := answer.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	id, ok, err := lookedUp(ctx, usage.ArgAccountID, accountID)
	if !ok || err != nil || auth.CheckAccount(ctx, id) != nil {
		return nil, err
	}
	return reading.Account(ctx, id)
}

// Customer resolves Query.customer.
func (r queryResolver) Customer(ctx context.Context, accountID, customerID string) (*answer.Customer, error) {
	reading, err := answer.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	account, ok, err := lookedUp(ctx, usage.ArgAccountID, accountID)
	if !ok || err != nil || auth.CheckAccount(ctx, account) != nil {
		return nil, err
	}
	customer, ok, err := lookedUp(ctx, usage.ArgCustomerID, customerID)
	if !ok || err != nil {
		return nil, err
	}
	return reading.Customer(ctx, account, customer)
}

// lookedUp returns an id to look up, unless nothing has it. The error is an InvalidArgument, or
// that the principal may see nothing.
func lookedUp(ctx context.Context, argument usage.Argument, value string) (id string, ok bool, err error) {
	if err := auth.CheckAccount(ctx, ""); err != nil {
		return "", false, err
	}
	id, err = usage.FilterID(argument, value)
	return id, usage.TrimID(id) != "", err
}
