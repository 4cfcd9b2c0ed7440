<?php

/**
 * What WordPress runs when the plugin is deleted: the key and the jobs go, always. The rest of the plugin's own data
 * goes when the shop says that it wants that (WC_REMOVE_ALL_DATA in wp-config.php, WooCommerce's own switch).
 * Products are never touched: they are the shop's, and the marks on them keep a later sync from making them twice.
 *
 * @package Elmed\WooCommerce
 */

defined('WP_UNINSTALL_PLUGIN') || exit;

(static function () {
    require __DIR__ . '/src/autoload.php';
    $everything = defined('WC_REMOVE_ALL_DATA') && true === WC_REMOVE_ALL_DATA;
    $uninstall = new Elmed\WooCommerce\Uninstall();
    $uninstall->run($everything);
    // WordPress loads these in a network of sites only, where each site may have used the plugin.
    if (function_exists('get_sites') && function_exists('switch_to_blog') && function_exists('restore_current_blog')) {
        foreach (get_sites(array('fields' => 'ids', 'number' => 0)) as $site) {
            switch_to_blog($site);
            $uninstall->run($everything);
            restore_current_blog();
        }
    }
})();
