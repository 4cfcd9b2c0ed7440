<?php

/**
 * Plugin Name: ELMED for WooCommerce
 * Plugin URI: https://elmed.healthcare
 * Description: Connects a pharmacy's shop to ELMED: brings the catalogue into WooCommerce, sells prescription items only against a valid prescription, and reports what was handed over.
 * Version: 1.0.0
 * Author: ELMED
 * Author URI: https://elmed.healthcare
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain: elmed-for-woocommerce
 * Domain Path: /languages
 * Requires at least: 6.8
 * Requires PHP: 7.4
 * Requires Plugins: woocommerce
 * WC requires at least: 9.9
 * WC tested up to: 9.9
 *
 * What WordPress loads. It names the plugin, checks what it stands on, and hands over to src/Plugin.php.
 * It must parse on any PHP that WordPress runs on, so that an old one gets words instead of a blank page.
 *
 * @package Elmed\WooCommerce
 */

defined('ABSPATH') || exit;

define('ELMED_WC_VERSION', '1.0.0');
define('ELMED_WC_FILE', __FILE__);

require __DIR__ . '/src/autoload.php';

add_action('before_woocommerce_init', array('Elmed\WooCommerce\Plugin', 'declareCompatibility'));
add_action('plugins_loaded', array('Elmed\WooCommerce\Plugin', 'start'), 20);
register_activation_hook(__FILE__, array('Elmed\WooCommerce\Plugin', 'activate'));
register_deactivation_hook(__FILE__, array('Elmed\WooCommerce\Plugin', 'deactivate'));
