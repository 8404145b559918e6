package transport

import "github.com/vektah/gqlparser/v2/ast"

// merger makes of selections what an answer has of them: the fields of one name of a type are one
// field, with all that is selected below any of them (specification, section 6.3.2), and fragments
// are what is in them. Conditions are taken to hold.
type merger struct {
	fields []*mergedField
	byName map[fieldName]*mergedField
	spread map[string]bool
}

// fieldName is the name of a field in an answer. Types that a fragment may be on have fields of
// their own.
type fieldName struct{ typeName, alias string }

// mergedField is a field with the selections below all that are merged in it.
type mergedField struct {
	*ast.Field
	below []ast.SelectionSet
}

// merge returns the selections as an answer has them, and how many fields and aliases they are
// altogether. Beyond most fields it ends early, since they are refused.
func merge(sets []ast.SelectionSet, most int) (merged ast.SelectionSet, total size) {
	m := merger{byName: map[fieldName]*mergedField{}, spread: map[string]bool{}}
	for _, set := range sets {
		m.add(set)
	}
	for _, field := range m.fields {
		one := *field.Field
		if len(field.below) > 0 {
			var below size
			one.SelectionSet, below = merge(field.below, most-total.fields)
			total = total.and(below)
		}
		total = total.and(size{fields: 1, aliases: aliasesOf(field.Field)})
		if merged = append(merged, &one); total.fields > most {
			break
		}
	}
	return merged, total
}

func (m *merger) add(selections ast.SelectionSet) {
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			name := fieldName{selection.ObjectDefinition.Name, selection.Alias}
			field := m.byName[name]
			if field == nil {
				field = &mergedField{Field: selection}
				m.byName[name], m.fields = field, append(m.fields, field)
			}
			if len(selection.SelectionSet) > 0 {
				field.below = append(field.below, selection.SelectionSet)
			}
		case *ast.InlineFragment:
			m.add(selection.SelectionSet)
		case *ast.FragmentSpread:
			if !m.spread[selection.Name] {
				m.spread[selection.Name] = true
				m.add(selection.Definition.SelectionSet)
			}
		}
	}
}

// aliasesOf is 1 where a field is renamed.
func aliasesOf(field *ast.Field) int {
	if field.Alias != field.Name {
		return 1
	}
	return 0
}
