<?php

/**
 * The HTML of ELMED → Sync. Shown by Sync\SyncPage; changes nothing.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Settings\Options;
use Elmed\WooCommerce\Settings\SettingsPage;

final class SyncView
{
    public function show(int $page): void
    {
        echo '<div class="wrap elmed"><h1>' . esc_html__('ELMED sync', 'elmed-for-woocommerce') . '</h1>';
        if (!Key::exists()) {
            printf(
                '<p>%s <a href="%s">%s</a></p></div>',
                esc_html__('Enter your API key first.', 'elmed-for-woocommerce'),
                esc_url(SettingsPage::url()),
                esc_html__('ELMED settings', 'elmed-for-woocommerce')
            );
            return;
        }
        echo '<p>' . esc_html__('Brings your ELMED inventory into WooCommerce: new products are created, known ones are updated, retired ones are hidden. Nothing is deleted.', 'elmed-for-woocommerce') . '</p>';
        $this->lateWarning();
        // What the script replaces, and what a screen reader hears of it.
        printf('<div id="elmed-sync">%s</div>', $this->progress()); // phpcs:ignore WordPress.Security.EscapeOutput -- escaped where it is made
        $say = Spoken::of(RunState::load());
        printf('<p id="elmed-sync-say" role="status" class="screen-reader-text" data-key="%s" data-now="%s"></p>', esc_attr($say['key']), esc_attr($say['text']));
        $this->automatic();
        (new ProblemList())->show();
        (new ProductList())->show($page);
        echo '</div>';
    }

    /** The part that changes while a sync runs. */
    public function progress(): string
    {
        $state = RunState::load();
        ob_start();
        if ($state !== null) {
            $this->state($state);
        }
        $this->buttons($state);
        return (string) ob_get_clean();
    }

    private function state(RunState $state): void
    {
        $bad = $state->state === 'failed';
        printf('<div class="elmed-state %s"><strong>%s</strong> ', $bad ? 'elmed-bad' : 'elmed-good', esc_html(Words::state($state)));
        printf('<span>%s</span>', esc_html(Words::reason($state)));
        if ($state->running()) {
            $this->bar($state);
        } else {
            /* translators: %s: e.g. "5 minutes" */
            printf('<span class="description"> %s</span>', esc_html(sprintf(__('%s ago', 'elmed-for-woocommerce'), human_time_diff($state->moved_at))));
        }
        echo '<ul class="elmed-counts">';
        /* translators: %s: a number */
        printf('<li>%s</li>', esc_html(sprintf(_n('%s product looked at', '%s products looked at', $state->counts['seen'], 'elmed-for-woocommerce'), number_format_i18n($state->counts['seen']))));
        foreach (Words::counts($state->counts) as $count) {
            printf('<li>%s</li>', esc_html($count));
        }
        echo '</ul></div>';
        if (Schedule::isStuck($state)) {
            printf(
                '<div class="notice notice-warning inline"><p>%s</p></div>',
                esc_html__('This sync stood still while nobody looked: the site’s scheduled jobs (WP-Cron) do not run. It goes on now; keep this page open until it says Complete. For automatic syncs and for reporting orders, ask your host to call wp-cron.php every minute.', 'elmed-for-woocommerce')
            );
        } elseif ($state->running()) {
            echo '<p class="description">' . esc_html__('You can leave this page; the sync goes on in the background.', 'elmed-for-woocommerce') . '</p>';
        }
    }

    private function bar(RunState $state): void
    {
        $expected = $state->expected();
        printf(
            '<p><progress aria-label="%s"%s></progress></p>',
            esc_attr__('Progress of the sync', 'elmed-for-woocommerce'),
            $expected === null ? '' : sprintf(' max="%d" value="%d"', (int) $expected, (int) $state->counts['seen'])
        );
    }

    private function buttons(?RunState $state): void
    {
        $running = $state !== null && $state->running();
        echo '<div class="elmed-buttons">';
        if ($running) {
            self::button('cancel', __('Cancel', 'elmed-for-woocommerce'), 'button-secondary');
            echo '<noscript>';
            self::button('step', __('Do the next step', 'elmed-for-woocommerce'), 'button-primary');
            echo '</noscript>';
        } else {
            self::button('start', __('Sync Products Now', 'elmed-for-woocommerce'), 'button-primary');
        }
        if ($state !== null && $state->error === 'other_account') {
            self::button('change_account', __('Use the new account for this shop', 'elmed-for-woocommerce'), 'button-secondary');
        } elseif ($state !== null && in_array($state->state, array('cancelled', 'failed'), true)) {
            self::button('resume', __('Go on where it stopped', 'elmed-for-woocommerce'), 'button-secondary');
        }
        echo '</div>';
        if ($state !== null && $state->error === 'other_account') {
            echo '<p class="description">' . esc_html__('Using the new account finds your products again by SKU. Those that the new account does not have are hidden, not deleted.', 'elmed-for-woocommerce') . '</p>';
        }
    }

    /** One button is one form, so that it works without JavaScript. */
    public static function button(string $what, string $label, string $class): void
    {
        printf('<form method="post" action="%s" style="display:inline">', esc_url(admin_url('admin-post.php')));
        printf('<input type="hidden" name="action" value="%s"><input type="hidden" name="elmed_do" value="%s">', esc_attr(SyncPage::ACTION), esc_attr($what));
        wp_nonce_field(SyncPage::ACTION, '_wpnonce', false);
        printf('<button type="submit" class="button %s">%s</button></form> ', esc_attr($class), esc_html($label));
    }

    /** Nobody is at the page when the automatic sync should run; so say it when somebody is. */
    private function lateWarning(): void
    {
        if (Schedule::lateBy() > Schedule::TOO_LATE) {
            printf(
                '<div class="notice notice-warning inline"><p>%s</p></div>',
                esc_html(
                    sprintf(
                        /* translators: %s: e.g. "2 hours" */
                        __('This site’s scheduled jobs (WP-Cron) are %s late. Automatic syncs and reports of completed orders wait for them: ask your host to call wp-cron.php every minute. Sync Products Now works all the same while this page is open.', 'elmed-for-woocommerce'),
                        human_time_diff(time() - Schedule::lateBy())
                    )
                )
            );
        }
    }

    private function automatic(): void
    {
        $last = RunState::lastFinished();
        /* translators: %s: e.g. "5 minutes" */
        $when = $last === null ? __('No sync is complete yet.', 'elmed-for-woocommerce') : sprintf(__('The last complete sync ended %s ago.', 'elmed-for-woocommerce'), human_time_diff($last));
        $auto = Options::autoSyncSeconds() === 0
            ? __('Automatic sync is off.', 'elmed-for-woocommerce')
            /* translators: %s: e.g. "6 hours" */
            : sprintf(__('Automatic sync runs every %s.', 'elmed-for-woocommerce'), human_time_diff(0, Options::autoSyncSeconds()));
        printf('<p>%s %s <a href="%s">%s</a></p>', esc_html($when), esc_html($auto), esc_url(SettingsPage::url()), esc_html__('Change', 'elmed-for-woocommerce'));
    }
}
