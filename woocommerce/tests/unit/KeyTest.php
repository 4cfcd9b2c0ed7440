<?php
/**
 * The key: kept apart from what every page loads, never shown again, from wp-config.php where that has one, and gone
 * with the plugin.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Settings\SettingsPage;
use Elmed\WooCommerce\Uninstall;

final class KeyTest extends TestCase {

	public function test_it_is_not_among_the_options_that_every_page_loads(): void {
		Key::store( Elmed::fact( 'key' ) );
		wp_cache_flush();

		$this->assertSame( Elmed::fact( 'key' ), Key::value() );
		$this->assertNotContains( Elmed::fact( 'key' ), wp_load_alloptions() );
	}

	public function test_the_page_shows_its_last_four_characters_and_no_more(): void {
		$this->become( 'administrator' );
		$GLOBALS['current_user']->add_cap( 'manage_woocommerce' );
		Key::store( Elmed::fact( 'key' ) );
		ob_start();
		( new SettingsPage() )->show();
		$page = (string) ob_get_clean();

		$this->assertStringContainsString( substr( Elmed::fact( 'key' ), -4 ), $page );
		$this->assertStringNotContainsString( substr( Elmed::fact( 'key' ), 4, 8 ), $page );
		$this->assertStringNotContainsString( substr( Elmed::fact( 'key' ), -5 ), $page );
	}

	public function test_a_form_without_a_key_keeps_the_old_one_and_a_wrong_one_changes_nothing(): void {
		Key::store( Elmed::fact( 'key' ) );
		$page = new SettingsPage();

		$page->take( array( 'elmed_api_key' => '' ) );
		$this->assertSame( Elmed::fact( 'key' ), Key::value() );
		$this->assertSame( 'bad-key', $page->take( array( 'elmed_api_key' => 'elm_nonsense' ) ) );
		$this->assertSame( Elmed::fact( 'key' ), Key::value() );
	}

	public function test_that_of_wp_config_wins(): void {
		$said = Process::run(
			'define( "ELMED_API_KEY", "elm_of_wp_config" );
			class_exists( "Elmed\WooCommerce\Settings\Key" ) || require WP_PLUGIN_DIR . "/elmed-for-woocommerce/src/autoload.php";
			echo Elmed\WooCommerce\Settings\Key::value(), " ", Elmed\WooCommerce\Settings\Key::inConstant() ? "constant" : "option";'
		);

		$this->assertSame( 'elm_of_wp_config constant', $said );
	}

	public function test_uninstalling_takes_the_key_and_leaves_the_rest_unless_all_is_to_go(): void {
		Key::store( Elmed::fact( 'key' ) );
		update_option( 'elmed_auto_sync', 'daily' );

		( new Uninstall() )->run( false );
		wp_cache_flush();
		$this->assertFalse( get_option( 'elmed_api_key' ) );
		$this->assertSame( 'daily', get_option( 'elmed_auto_sync' ) );

		( new Uninstall() )->run( true );
		wp_cache_flush();
		$this->assertFalse( get_option( 'elmed_auto_sync' ) );
	}
}
