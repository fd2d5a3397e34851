# The one list of sources, read by config (nginx) and by the Makefile.
# A .c of a feature goes to the side its prefix names; see docs/architecture.md.

tf_includes="src/core src/ngx src/ngx/pg src/ngx/redis src/ngx/request"
tf_includes="$tf_includes src/worker src/worker/engine"
tf_core=
tf_ngx=
tf_worker=
tf_sql=
tf_headers=

for tf_f in src/feature/*/; do
    tf_includes="$tf_includes ${tf_f%/}"
done

for tf_f in src/core/*.c src/ngx/*.c src/ngx/*/*.c src/worker/*.c \
            src/worker/engine/*.c src/feature/*/*.c
do
    case ${tf_f##*/} in
        \*.c)       ;;
        ngx_tf_*)   tf_ngx="$tf_ngx $tf_f" ;;
        tfw_*)      tf_worker="$tf_worker $tf_f" ;;
        tf_*)       tf_core="$tf_core $tf_f" ;;
    esac
done

for tf_f in src/worker/*.sql src/ngx/*/*.sql src/feature/*.sql \
            src/feature/*/*.sql
do
    [ -e "$tf_f" ] && tf_sql="$tf_sql $tf_f"
done

for tf_f in src/*/*.h src/ngx/*/*.h src/worker/engine/*.h \
            src/feature/*/*.h; do
    [ -e "$tf_f" ] && tf_headers="$tf_headers $tf_f"
done
