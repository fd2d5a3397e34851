# Completion of taifish-worker for bash: it asks the program itself.

_taifish_worker() {
    local word=${COMP_WORDS[COMP_CWORD]} words

    case ${COMP_WORDS[COMP_CWORD - 1]} in
        --password-file) COMPREPLY=($(compgen -f -- "$word")); return ;;
        --username|--role|--instance) return ;;
    esac

    if [ "$COMP_CWORD" = 1 ]; then
        words=$("$1" --help 2>/dev/null \
            | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p')
    else
        words=$("$1" "${COMP_WORDS[1]}" --help 2>/dev/null | head -n 1 \
            | grep -oE -- '--[a-z-]+|[a-z-]+[|][a-z|-]+' | tr '|' '\n')
    fi

    COMPREPLY=($(compgen -W "$words --help" -- "$word"))
}

complete -F _taifish_worker taifish-worker
