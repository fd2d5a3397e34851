-- Statements look the words up themselves: a function of SQL with a FROM is not
-- inlined, and each backend kept a plan of its own for it.

DROP FUNCTION run_summary(jsonb, text);
DROP FUNCTION tf_word(text, text, text);
