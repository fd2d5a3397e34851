/* What elements with data-tip say on hover and focus, in one box for all. */

import { visible } from '@/lib/format';

const box = document.createElement('div');
box.className = 'tip';
box.setAttribute('role', 'tooltip');
box.id = 'tip';

let owner: Element | null = null;

function hide(): void {
    owner?.removeAttribute('aria-describedby');
    owner = null;
    box.remove();
}

function show(e: Event): void {
    const target = e.target instanceof Element ? e.target.closest('[data-tip]') : null;
    if (target === owner) {
        return;
    }
    hide();
    const text = target?.getAttribute('data-tip');
    if (!target || !text) {
        return;
    }
    owner = target;
    box.textContent = visible(text);
    target.setAttribute('aria-describedby', 'tip');
    document.body.append(box);

    const a = target.getBoundingClientRect();
    const b = box.getBoundingClientRect();
    const below = a.bottom + b.height + 8 < window.innerHeight;
    box.style.top = `${below ? a.bottom + 4 : a.top - b.height - 4}px`;
    box.style.left = `${Math.max(4, Math.min(a.left, window.innerWidth - b.width - 8))}px`;
}

export function startTips(): void {
    document.addEventListener('mouseover', show);
    document.addEventListener('focusin', show);
    document.addEventListener('focusout', hide);
    document.addEventListener('scroll', hide, true);
    document.addEventListener('click', hide, true);
    document.addEventListener('keydown', (e) => e.key === 'Escape' && hide());
}
