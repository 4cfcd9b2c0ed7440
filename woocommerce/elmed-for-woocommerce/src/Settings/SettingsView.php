<?php

/**
 * The HTML of ELMED → Settings. Shown by Settings\SettingsPage; changes nothing.
 */

namespace Elmed\WooCommerce\Settings;

use Elmed\WooCommerce\Sync\SyncPage;

final class SettingsView
{
    /** @param string $said What the form's answer was, a word of SettingsPage::take(). */
    public function show(string $said, string $action): void
    {
        echo '<div class="wrap elmed"><h1>' . esc_html__('ELMED settings', 'elmed-for-woocommerce') . '</h1>';
        $this->sayAnswer($said);
        printf('<form method="post" action="%s">', esc_url(admin_url('admin-post.php')));
        printf('<input type="hidden" name="action" value="%s"><input type="hidden" name="elmed_whole_form" value="1">', esc_attr($action));
        wp_nonce_field($action);
        echo '<h2>' . esc_html__('Connection', 'elmed-for-woocommerce') . '</h2>';
        $this->connection();
        echo '<table class="form-table" role="presentation">';
        // The address first: a key goes with the address that stands there when it is pasted.
        $this->address();
        $this->key();
        echo '</table><p class="elmed-buttons">';
        printf('<button type="submit" name="elmed_test" value="1" class="button button-secondary">%s</button>', esc_html__('Test Connection', 'elmed-for-woocommerce'));
        echo '</p><h2>' . esc_html__('Products', 'elmed-for-woocommerce') . '</h2><table class="form-table" role="presentation">';
        $this->products();
        echo '</table><h2>' . esc_html__('Orders', 'elmed-for-woocommerce') . '</h2><table class="form-table" role="presentation">';
        $this->orders();
        echo '</table>';
        submit_button(__('Save changes', 'elmed-for-woocommerce'));
        echo '</form></div>';
    }

    private function sayAnswer(string $said): void
    {
        $texts = array(
            'saved' => array('success', __('Settings saved.', 'elmed-for-woocommerce')),
            'key-removed' => array('success', __('The key was removed from this shop. In ELMED it still works until it is revoked there.', 'elmed-for-woocommerce')),
            'bad-key' => array('error', __('That is not an API key: one begins with elm_ and is 68 characters long (elm_test_ and 73 for a test key). Nothing was changed. Copy it again where it was created; it is shown only once.', 'elmed-for-woocommerce')),
            'key-needed' => array('error', __('A key is sent only to the address that it was entered for. To change the address, enter the key as well. Nothing was changed.', 'elmed-for-woocommerce')),
            'bad-address' => array('error', __('The address must begin with https://. Nothing was changed.', 'elmed-for-woocommerce')),
        );
        if (isset($texts[$said])) {
            list($kind, $text) = $texts[$said];
            printf('<div class="notice notice-%s" role="%s"><p>%s</p></div>', esc_attr($kind), $kind === 'error' ? 'alert' : 'status', esc_html($text));
        }
    }

    /** What the last test found, where the eye is when one has clicked Test Connection. */
    private function connection(): void
    {
        $last = Connection::last();
        if ($last === null) {
            $last = Key::exists() ? null : new Connection(Connection::NO_KEY);
        }
        if ($last === null) {
            echo '<p>' . esc_html__('Not tested yet.', 'elmed-for-woocommerce') . '</p>';
            return;
        }
        printf(
            '<div class="elmed-state %s" role="status"><strong>%s</strong> <span>%s</span></div>',
            $last->connected() ? 'elmed-good' : 'elmed-bad',
            esc_html($last->title()),
            esc_html($last->text())
        );
        if ($last->connected()) {
            printf('<p><a class="button button-primary" href="%s">%s</a></p>', esc_url(SyncPage::url()), esc_html__('Go on to ELMED → Sync', 'elmed-for-woocommerce'));
        }
        if ($last->state !== Connection::NO_KEY) {
            /* translators: %s: e.g. "2 minutes" */
            echo '<p class="description">' . esc_html(sprintf(__('Tested %s ago.', 'elmed-for-woocommerce'), human_time_diff($last->at))) . '</p>';
        }
    }

    private function key(): void
    {
        $this->row('elmed_api_key', __('API key', 'elmed-for-woocommerce'));
        if (Key::inConstant()) {
            /* translators: %s: the last four characters of the key */
            echo '<p>' . esc_html(sprintf(__('Set in wp-config.php (ELMED_API_KEY), ends in %s.', 'elmed-for-woocommerce'), Key::hint())) . '</p>';
        } else {
            /* translators: %s: the last four characters of the key */
            $placeholder = Key::exists() ? sprintf(__('A key is stored, ends in %s', 'elmed-for-woocommerce'), Key::hint()) : 'elm_…';
            printf(
                '<input type="password" id="elmed_api_key" name="elmed_api_key" value="" class="regular-text code" autocomplete="off" spellcheck="false" placeholder="%s" aria-describedby="elmed_api_key_help">',
                esc_attr($placeholder)
            );
            $help = __('From the ELMED pharmacy portal: Settings → WooCommerce → Create key for WooCommerce. Compare the address above before you paste it: it is kept for that address only, and asked for again when the address changes. Leave it empty to keep the stored one.', 'elmed-for-woocommerce');
            printf('<p class="description" id="elmed_api_key_help">%s</p>', esc_html($help));
            if (Key::exists()) {
                printf('<p><button type="submit" name="elmed_forget_key" value="1" class="button-link elmed-remove">%s</button></p>', esc_html__('Remove the key from this shop', 'elmed-for-woocommerce'));
            }
        }
        echo '</td></tr>';
    }

    private function address(): void
    {
        $this->row('elmed_base_url', __('Address of ELMED', 'elmed-for-woocommerce'));
        if (Options::baseUrlInConstant()) {
            /* translators: %s: a web address */
            echo '<p>' . esc_html(sprintf(__('Set in wp-config.php (ELMED_BASE_URL): %s', 'elmed-for-woocommerce'), Options::baseUrl())) . '</p>';
        } elseif (Options::baseUrlIsFixed()) {
            /* translators: %s: a web address */
            echo '<p>' . esc_html(sprintf(__('%s. The key is set in wp-config.php; another address is set there too (ELMED_BASE_URL).', 'elmed-for-woocommerce'), Options::baseUrl())) . '</p>';
        } else {
            printf(
                '<input type="url" id="elmed_base_url" name="elmed_base_url" value="%s" class="regular-text code" aria-describedby="elmed_base_url_help"><p class="description" id="elmed_base_url_help">%s</p>',
                esc_attr(Options::baseUrl()),
                esc_html__('Must be the one that your pharmacy portal shows under Settings → WooCommerce. To change it later, enter the API key as well.', 'elmed-for-woocommerce')
            );
        }
        echo '</td></tr>';
    }

    private function products(): void
    {
        $this->select(Options::AUTO_SYNC, __('Automatic sync', 'elmed-for-woocommerce'), array(
            'off' => __('Off: only when I click Sync Products Now', 'elmed-for-woocommerce'),
            '15min' => __('Every 15 minutes', 'elmed-for-woocommerce'),
            'hourly' => __('Every hour', 'elmed-for-woocommerce'),
            'sixhourly' => __('Every 6 hours', 'elmed-for-woocommerce'),
            'daily' => __('Every day', 'elmed-for-woocommerce'),
        ), __('Brings what changed in ELMED; once a day everything is compared.', 'elmed-for-woocommerce'));
        $this->select(Options::FOREIGN_SKU, __('A product of my own has the same SKU', 'elmed-for-woocommerce'), array(
            'report' => __('Leave it alone and list it under problems', 'elmed-for-woocommerce'),
            'adopt' => __('Connect it: ELMED sets price, stock and the prescription mark from then on', 'elmed-for-woocommerce'),
            'skip' => __('Leave it alone and say nothing', 'elmed-for-woocommerce'),
        ), __('Products are never created twice. Connecting keeps your own name, description and images.', 'elmed-for-woocommerce'));
        $this->tick(Options::NEW_AS_DRAFTS, __('New medicines', 'elmed-for-woocommerce'), __('Create new products as drafts, to be published by hand', 'elmed-for-woocommerce'));
        $this->tick(
            Options::OVERWRITE_EDITS,
            __('My own edits', 'elmed-for-woocommerce'),
            __('Replace names, descriptions, prices and images that I changed in WooCommerce with those of ELMED', 'elmed-for-woocommerce'),
            __('When this is off, what you have edited stays as you left it; what you have not edited follows ELMED.', 'elmed-for-woocommerce')
        );
    }

    private function orders(): void
    {
        $this->tick(
            Options::WAITING_ORDERS,
            __('Waiting for the pharmacist', 'elmed-for-woocommerce'),
            __('Accept orders whose prescription still waits for the pharmacist’s check', 'elmed-for-woocommerce'),
            __('Such an order is put on hold and must not be sent; it is released when the pharmacist has checked the prescription.', 'elmed-for-woocommerce')
        );
    }

    private function row(string $id, string $label): void
    {
        printf('<tr><th scope="row"><label for="%s">%s</label></th><td>', esc_attr($id), esc_html($label));
    }

    /** @param array<string, string> $choices */
    private function select(string $name, string $label, array $choices, string $help): void
    {
        $this->row($name, $label);
        printf('<select id="%1$s" name="%1$s" aria-describedby="%1$s_help">', esc_attr($name));
        foreach ($choices as $value => $text) {
            printf('<option value="%s"%s>%s</option>', esc_attr($value), selected(Options::get($name), $value, false), esc_html($text));
        }
        printf('</select><p class="description" id="%s_help">%s</p></td></tr>', esc_attr($name), esc_html($help));
    }

    private function tick(string $name, string $heading, string $label, string $help = ''): void
    {
        printf('<tr><th scope="row">%s</th><td><label for="%s">', esc_html($heading), esc_attr($name));
        printf('<input type="checkbox" id="%1$s" name="%1$s" value="yes"%2$s> ', esc_attr($name), checked(Options::get($name), 'yes', false));
        printf('%s</label>%s</td></tr>', esc_html($label), $help === '' ? '' : '<p class="description">' . esc_html($help) . '</p>');
    }
}
